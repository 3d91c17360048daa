//! libtorch and the machine: device, threads, memory.

mod cores;
mod device;

pub use cores::{Core, Cores, Job, Workers};
pub use device::{DeviceChoice, open_device};

/// Sets up what has to be set before libtorch does anything. Call it first in `main`.
pub fn start() {
    keep_freed_memory();
    one_libtorch_thread();
}

/// Keeps freed blocks instead of giving them back to the system after each step.
///
/// A training step allocates and frees the same few megabytes again and again. With glibc's
/// defaults each block is mapped, zeroed page by page and unmapped each time, which costs about
/// a tenth of the step.
fn keep_freed_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: mallopt only sets parameters of the allocator, before any other thread exists.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, 256 << 20);
        libc::mallopt(libc::M_TRIM_THRESHOLD, 512 << 20);
    }
}

/// Makes libtorch compute with the calling thread alone.
///
/// Every thread that computes calls this once. How sums are split depends on the number of
/// threads and so do their last bits: with one thread everywhere, a run gives the same bytes
/// however many cores there are. Cores are put to use by working side by side instead.
pub fn one_libtorch_thread() {
    tch::set_num_threads(1);
}

/// libtorch's version that this program is built against.
pub const LIBTORCH_VERSION: &str = "2.13.0";
