//! What all fuzz targets share: files in memory, and a count of the bytes that reading takes.

use std::alloc::{GlobalAlloc, Layout, System};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes that a reader may hold whatever the input: buffers of a fixed size, tables of polars and
/// libtorch's threads, the text of an error.
const ALLOWANCE: usize = 8 << 20;

/// Bytes that a reader may hold for each byte of the input.
const FACTOR: usize = 4;

/// The system's allocator, with a count.
struct Counting;

static HELD: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call goes on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let held = HELD.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        PEAK.fetch_max(held, Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Reads an input of so many bytes, and panics where that took too much memory.
pub fn bounded<R>(bytes: usize, read: impl FnOnce() -> R) -> R {
    let before = HELD.load(Ordering::SeqCst);
    PEAK.store(before, Ordering::SeqCst);
    let result = read();
    let taken = PEAK.load(Ordering::SeqCst).saturating_sub(before);
    let most = FACTOR * bytes + ALLOWANCE;
    assert!(taken <= most, "an input of {bytes} bytes took {taken} bytes to read");
    result
}

/// Bytes that a file counts as: a compressed one may be unpacked to so much before it is refused, and some
/// formats say themselves how much memory unpacking takes.
pub fn unzipped(input: &[u8]) -> usize {
    let most = match input {
        [0x1f, 0x8b, ..] | [b'B', b'Z', b'h', ..] => 64 << 20,
        [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => 64 << 20,
        [0xfd, b'7', ..] | [b'L', b'Z', b'I', b'P', ..] | [b'P', b'K', ..] => 5 << 30,
        _ => 0,
    };
    input.len() + most
}

/// A folder in memory, of this process alone.
pub fn folder() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        dml::runtime::start();
        let memory = Path::new("/dev/shm");
        let base = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
        let folder = base.join(format!("dml-fuzz-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a temporary folder");
        folder
    })
}

/// A file in that folder with this content.
pub fn file(name: &str, content: &[u8]) -> PathBuf {
    let path = folder().join(name);
    std::fs::write(&path, content).expect("a temporary file");
    path
}
