//! libtorch and the machine: device, cores, instruction sets, memory, signals.

mod cores;
mod device;
mod interrupt;
mod limits;
mod multiply_add;
mod panics;
mod repeatable;
mod resources;
mod simd;
mod sixteen;

pub use cores::{Core, Cores, Job, Workers};
pub use device::{DeviceChoice, open_device};
pub use interrupt::{INTERRUPTED, Interrupt};
pub use limits::{Memory, bytes, disk_available};
pub use multiply_add::multiply_add;
pub(crate) use multiply_add::multiply_add_eight;
pub use panics::panic_as_error;
pub use resources::{catch_resource_errors, handle_abort, install_failure_handlers};
pub use simd::{Kernel, Simd, WideKernel};
pub use sixteen::Sixteen;

/// Settings that must precede any use of libtorch. Call it first in `main`, while there is only one
/// thread.
pub fn start() {
    let (name, value) = repeatable::CUBLAS_WORKSPACE;
    if std::env::var_os(name).is_none() {
        // SAFETY: no other thread runs yet that could read the environment.
        unsafe { std::env::set_var(name, value) };
    }
    // If this fails, training is slower and nothing else changes.
    let _ = keep_freed_memory();
    one_libtorch_thread();
}

/// Exits the process immediately. Destroying libtorch's operator registry at exit takes a tenth of
/// a second, and the system frees all memory anyway. Buffered output is not flushed, nor is the
/// profile of a coverage build.
pub fn leave(code: u8) -> ! {
    #[cfg(unix)]
    // SAFETY: it only ends the process.
    unsafe {
        libc::_exit(code.into())
    }
    #[cfg(not(unix))]
    std::process::exit(code.into())
}

/// Keeps freed blocks instead of returning them to the system after each step.
///
/// A training step allocates and frees the same few megabytes over and over. With glibc's defaults
/// each block is mapped, zeroed page by page and unmapped each time, which takes a quarter of the
/// step when two runs are parallel. All threads share one arena, because those of threads other
/// than the first ignore the trim threshold. 32 MiB is the largest mmap threshold that glibc
/// accepts.
fn keep_freed_memory() -> bool {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: mallopt only sets parameters of the allocator.
    unsafe {
        libc::mallopt(libc::M_ARENA_MAX, 1) == 1
            && libc::mallopt(libc::M_MMAP_THRESHOLD, 32 << 20) == 1
            && libc::mallopt(libc::M_TRIM_THRESHOLD, 1 << 30) == 1
    }
    #[cfg(not(all(target_os = "linux", target_env = "gnu")))]
    true
}

/// Makes libtorch compute on the calling thread only.
///
/// Every computing thread calls this once. How libtorch splits sums, and so their rounding, depends
/// on the number of threads: with one thread everywhere, a run gives the same bytes on any number
/// of cores. Cores are used by running independent work in parallel instead.
pub fn one_libtorch_thread() {
    tch::set_num_threads(1);
}

/// The version of libtorch that this program is built against.
pub const LIBTORCH_VERSION: &str = "2.13.0";

#[cfg(test)]
mod tests {
    #[test]
    fn the_allocator_accepts_the_settings() {
        assert!(super::keep_freed_memory());
    }
}
