//! A guest's own memory, for those that search or fill it.

/// Runs for ever.
pub fn spin() -> ! {
    loop {
        std::hint::black_box(());
    }
}

/// Takes pages of 64 KiB until there are no more, and gives them as they are.
#[cfg(target_arch = "wasm32")]
#[expect(unsafe_code, reason = "reads memory that nobody has written")]
pub fn take_all() -> &'static mut [u8] {
    use std::arch::wasm32::{memory_grow, memory_size};

    const PAGE: usize = 64 << 10;
    let start = memory_size::<0>() * PAGE;
    while memory_grow::<0>(16) != usize::MAX {}
    let length = memory_size::<0>() * PAGE - start;
    // SAFETY: nobody else uses the pages that have just been added, and fresh pages have values.
    unsafe { std::slice::from_raw_parts_mut(start as *mut u8, length) }
}

/// All the memory that there is, but for the first bytes, where no pointer may lead.
#[cfg(target_arch = "wasm32")]
#[expect(unsafe_code, reason = "reads memory that nobody has written")]
pub fn all() -> &'static [u8] {
    let (start, end) = (16, std::arch::wasm32::memory_size::<0>() << 16);
    // SAFETY: all of it is linear memory, where every byte has a value.
    unsafe { std::slice::from_raw_parts(start as *const u8, end - start) }
}

/// A native program has none of its kind.
#[cfg(not(target_arch = "wasm32"))]
pub fn take_all() -> &'static mut [u8] {
    &mut []
}

/// A native program has none of its kind.
#[cfg(not(target_arch = "wasm32"))]
pub fn all() -> &'static [u8] {
    &[]
}
