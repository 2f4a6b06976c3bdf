//! The values of one row.

use fallible_iterator::FallibleIterator as _;
use postgres_protocol::message::backend::DataRowBody;

use crate::diagnosis::Fault;
use crate::drivers::postgres::messages::violation;

/// The values of a row in their order, each as the server's text, none where it is null. There are as many as columns.
pub(in crate::drivers::postgres) struct Values<'a> {
    /// For each value its length, and so many bytes.
    rest: &'a [u8],
    left: usize,
}

impl<'a> Values<'a> {
    /// Of a row that is to have so many.
    pub(super) fn new(row: &'a DataRowBody, width: usize) -> Result<Self, Fault> {
        let (left, rest) = (row.ranges().size_hint().0, row.buffer());
        if left == width { Ok(Self { rest, left }) } else { Err(violation()) }
    }
}

impl<'a> Values<'a> {
    /// The next value; null has the length -1 and no bytes. Each must be as long as it says, and nothing may stand behind
    /// the last one.
    fn take(&mut self) -> Result<Option<&'a [u8]>, Fault> {
        let (length, rest) = self.rest.split_first_chunk().ok_or_else(violation)?;
        let (value, rest) = match i32::from_be_bytes(*length) {
            -1 => (None, rest),
            length => {
                let length = usize::try_from(length).map_err(|_| violation())?;
                let (value, rest) = rest.split_at_checked(length).ok_or_else(violation)?;
                (Some(value), rest)
            }
        };
        self.rest = rest;
        if self.left == 0 && !rest.is_empty() { Err(violation()) } else { Ok(value) }
    }
}

impl<'a> Iterator for Values<'a> {
    type Item = Result<Option<&'a [u8]>, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        Some(self.take())
    }
}
