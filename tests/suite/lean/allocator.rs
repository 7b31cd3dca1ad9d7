//! How often does this thread ask the heap for memory?
//!
//! The system's allocator with a count before it. Growing a block counts, freeing one does not; beside it
//! stands how much is held. Each thread counts for itself, so that tests beside each other do not see each
//! other's.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// The heap of this program.
#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

thread_local! {
    // Without a destructor, so that it can be counted until a thread's very end.
    static ASKED: Cell<Asked> = const { Cell::new(Asked { times: 0, bytes: 0 }) };
    static HELD: Cell<i64> = const { Cell::new(0) };
}

/// What was asked of the heap.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Asked {
    /// How often.
    pub times: u64,
    /// How many bytes in all.
    pub bytes: u64,
}

/// What this thread has asked for while `work` was done.
pub fn asked_in(work: impl FnOnce()) -> Asked {
    let before = ASKED.get();
    work();
    let after = ASKED.get();
    Asked { times: after.times - before.times, bytes: after.bytes - before.bytes }
}

/// How many bytes more this thread has asked for than it has freed.
#[allow(dead_code, reason = "the bench that shares this file only counts")]
pub fn held_bytes() -> i64 {
    HELD.get()
}

fn hold(more: usize, less: usize) {
    HELD.set(HELD.get().saturating_add_unsigned(more as u64).saturating_sub_unsigned(less as u64));
}

fn count(bytes: usize) {
    let Asked { times, bytes: before } = ASKED.get();
    ASKED.set(Asked { times: times + 1, bytes: before + bytes as u64 });
}

struct CountingAllocator;

#[expect(unsafe_code, reason = "an allocator is an unsafe trait; this one hands all on to the system's")]
// SAFETY: each call is handed to the system's allocator unchanged.
unsafe impl GlobalAlloc for CountingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        hold(layout.size(), 0);
        // SAFETY: the caller's promises are those that the system's allocator asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        hold(0, layout.size());
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size);
        hold(size, layout.size());
        // SAFETY: as above.
        unsafe { System.realloc(pointer, layout, size) }
    }
}
