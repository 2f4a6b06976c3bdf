//! How an input becomes another one.

use std::ops::Range;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::Rng as _;

/// No input becomes longer by more than it is worth.
const MAX_BYTES: usize = 64 * 1024;

/// Numbers at which something may end.
const NUMBERS: [u32; 14] =
    [0, 1, 3, 4, 5, 8, 0xff, 0x7fff, 0xffff, 0x10_0000, 0x4000_0000, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];

/// Makes one input.
pub(super) struct Mutator<'a> {
    pub(super) random: ChaCha8Rng,
    pub(super) inputs: &'a [&'a [u8]],
    pub(super) dictionary: &'static [&'static [u8]],
    pub(super) parts: fn(&[u8]) -> Vec<Range<usize>>,
}

impl Mutator<'_> {
    /// One of the inputs, mutated a few times.
    pub(super) fn input(&mut self) -> Vec<u8> {
        let mut input = self.inputs[self.below(self.inputs.len())].to_vec();
        for _ in 0..=self.below(4) {
            self.mutate(&mut input);
        }
        input.truncate(MAX_BYTES);
        input
    }

    fn mutate(&mut self, input: &mut Vec<u8>) {
        let at = self.below(input.len() + 1);
        match self.below(14) {
            0 | 1 => self.change_byte(input),
            2 => drop(input.splice(at..at, [self.byte()])),
            3 => drop(input.drain(self.range(input))),
            4 => {
                let copy = input[self.range(input)].to_vec();
                drop(input.splice(at..at, copy));
            }
            5 => input.truncate(at),
            6 => self.splice(input),
            7 | 8 => self.change_number(input),
            9 => {
                let word = self.dictionary.get(self.below(self.dictionary.len())).copied().unwrap_or(b"\0");
                let end = if self.one_in(2) { at } else { (at + word.len()).min(input.len()) };
                drop(input.splice(at..end, word.iter().copied()));
            }
            10 => {
                let times = 1 + self.below(200);
                let part = self.part(input);
                drop(input.splice(part.end..part.end, input[part].repeat(times)));
            }
            11 => drop(input.drain(self.part(input))),
            12 => {
                let part = input[self.part(input)].to_vec();
                let place = self.part(input).start;
                drop(input.splice(place..place, part));
            }
            _ => {
                let other = self.inputs[self.below(self.inputs.len())];
                let (part, place) = (other[self.part(other)].to_vec(), self.part(input));
                drop(input.splice(place, part));
            }
        }
    }

    fn change_byte(&mut self, input: &mut [u8]) {
        let at = self.below(input.len());
        let (byte, bit) = (self.byte(), self.below(8));
        if let Some(changed) = input.get_mut(at) {
            *changed = if self.one_in(2) { *changed ^ (1 << bit) } else { byte };
        }
    }

    /// A number of one, two or four bytes, the greatest first.
    fn change_number(&mut self, input: &mut [u8]) {
        let width = [1, 2, 4][self.below(3)];
        let part = self.part(input);
        // Where a message has its length, as often as anywhere.
        let at = if self.one_in(2) { part.start + 1 } else { self.below(input.len()) };
        let Some(place) = input.get_mut(at..at + width) else { return };
        let present = place.iter().fold(0_u32, |number, &byte| number << 8 | u32::from(byte));
        let number = match self.below(4) {
            0 => present.wrapping_add(1),
            1 => present.wrapping_sub(1),
            _ => NUMBERS[self.below(NUMBERS.len())],
        };
        place.copy_from_slice(&number.to_be_bytes()[4 - width..]);
    }

    /// The beginning of this, and the end of another.
    fn splice(&mut self, input: &mut Vec<u8>) {
        let other = self.inputs[self.below(self.inputs.len())];
        let (end, from) = (self.part(input).end, self.part(other).start);
        input.truncate(end);
        input.extend_from_slice(&other[from..]);
    }

    fn part(&mut self, input: &[u8]) -> Range<usize> {
        let parts = (self.parts)(input);
        parts.get(self.below(parts.len())).cloned().unwrap_or(0..0)
    }

    fn range(&mut self, input: &[u8]) -> Range<usize> {
        let start = self.below(input.len() + 1);
        let longest = (input.len() - start).min(if self.one_in(4) { usize::MAX } else { 8 });
        start..start + self.below(longest + 1)
    }

    fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.random.next_u64() % end).unwrap_or_default()
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    fn byte(&mut self) -> u8 {
        self.random.next_u64().to_le_bytes()[0]
    }
}
