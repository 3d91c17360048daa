//! Shared by all fuzz targets: files in memory, and a limit on the memory that reading takes.

use std::alloc::{GlobalAlloc, Layout, System};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes that a reader may allocate for any input: fixed buffers, tables of polars and of libtorch's
/// threads, error messages.
const ALLOWANCE: usize = 8 << 20;

/// Bytes that a reader may allocate per byte of the input.
const FACTOR: usize = 4;

/// The system's allocator, counting allocated bytes.
struct Counting;

static HELD: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call is forwarded unchanged to the system's allocator.
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

/// Reads an input of `bytes` bytes, and panics if that takes too much memory.
pub fn bounded<R>(bytes: usize, read: impl FnOnce() -> R) -> R {
    let before = HELD.load(Ordering::SeqCst);
    PEAK.store(before, Ordering::SeqCst);
    let result = read();
    let used = PEAK.load(Ordering::SeqCst).saturating_sub(before);
    let limit = FACTOR * bytes + ALLOWANCE;
    assert!(used <= limit, "reading an input of {bytes} bytes allocated {used} bytes");
    result
}

/// The size that an input counts as for [`bounded`]: a compressed one may be unpacked up to a limit before
/// it is refused, and some formats state how much memory unpacking takes.
pub fn unzipped(input: &[u8]) -> usize {
    let unpacked = match input {
        [0x1f, 0x8b, ..] | [b'B', b'Z', b'h', ..] => 64 << 20,
        [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => 64 << 20,
        [0xfd, b'7', ..] | [b'L', b'Z', b'I', b'P', ..] | [b'P', b'K', ..] => 5 << 30,
        _ => 0,
    };
    input.len() + unpacked
}

/// A folder in memory, private to this process.
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
