#![expect(
    unsafe_code,
    reason = "an allocator hands out raw memory; this file is the whole of it and no other has any"
)]
//! The allocator of a module: it only moves forward, through an arena in the module's static memory,
//! then through memory it grows. A run is one call in a fresh sandbox, so nothing needs to be given
//! back, and an ordinary batch never grows memory, which is what costs a fresh sandbox most.

use std::alloc::{GlobalAlloc, Layout};
use std::arch::wasm32::memory_grow;
use std::cell::{Cell, UnsafeCell};
use std::mem::MaybeUninit;
use std::ptr;

/// Costs nothing until it's touched: it lies in `.bss`.
const ARENA: usize = 4 << 20;
const PAGE: usize = 64 << 10;
/// What is grown at once, at least.
const GROWTH: usize = 4 << 20;

struct Static(UnsafeCell<MaybeUninit<[u8; ARENA]>>);

// SAFETY: `wasm32-unknown-unknown` without atomics has one thread.
unsafe impl Sync for Static {}

static STATIC: Static = Static(UnsafeCell::new(MaybeUninit::uninit()));

/// `next` to `end` is free; 0 and 0 before the first allocation.
struct Arena {
    next: Cell<usize>,
    end: Cell<usize>,
}

// SAFETY: as above, one thread.
unsafe impl Sync for Arena {}

#[global_allocator]
static ALLOCATOR: Arena = Arena {
    next: Cell::new(0),
    end: Cell::new(0),
};

impl Arena {
    /// The start of `size` free bytes so aligned, which are then taken; none where there is no more
    /// memory.
    fn take(&self, size: usize, align: usize) -> Option<usize> {
        if self.end.get() == 0 {
            let start = STATIC.0.get().expose_provenance();
            self.next.set(start);
            self.end.set(start + ARENA);
        }
        loop {
            let start = self.next.get().checked_next_multiple_of(align)?;
            let next = start.checked_add(size)?;
            if next <= self.end.get() {
                self.next.set(next);
                return Some(start);
            }
            self.grow(size.checked_add(align)?)?;
        }
    }

    fn grow(&self, size: usize) -> Option<()> {
        let pages = size.max(GROWTH).div_ceil(PAGE);
        let before = memory_grow::<0>(pages);
        if before == usize::MAX {
            return None;
        }
        let start = before.checked_mul(PAGE)?;
        if self.end.get() != start {
            self.next.set(start);
        }
        // Memory may end at 4 GiB, one past the largest address.
        self.end
            .set(start.saturating_add(pages.saturating_mul(PAGE)));
        Some(())
    }
}

// SAFETY: `take` hands out each byte once, except that the latest allocation may be given back or
// resized in place, when nothing lies behind it; starts are aligned as asked; memory that was grown
// and the static arena are both this allocator's alone.
unsafe impl GlobalAlloc for Arena {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        self.take(layout.size(), layout.align())
            .map_or(ptr::null_mut(), ptr::with_exposed_provenance_mut)
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        if at.addr() + layout.size() == self.next.get() {
            self.next.set(at.addr());
        }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let start = at.addr();
        if size <= layout.size() {
            if start + layout.size() == self.next.get() {
                self.next.set(start + size);
            }
            return at;
        }
        if start + layout.size() == self.next.get()
            && let Some(next) = start.checked_add(size)
            && next <= self.end.get()
        {
            self.next.set(next);
            return at;
        }
        match self.take(size, layout.align()) {
            Some(to) => {
                let to = ptr::with_exposed_provenance_mut(to);
                // SAFETY: `at` holds `layout.size()` bytes by the caller's word; `to` is fresh, so
                // the two don't overlap, and has `size`, which is more.
                unsafe { ptr::copy_nonoverlapping(at, to, layout.size()) };
                to
            }
            None => ptr::null_mut(),
        }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's word on `layout` is passed on; what comes back has `layout.size()`.
        unsafe {
            let at = self.alloc(layout);
            if !at.is_null() {
                ptr::write_bytes(at, 0, layout.size());
            }
            at
        }
    }
}
