//! Arithmetic on a GPU that gives the same bits every time.
//!
//! cuDNN is free to sum gradients in whatever order its threads come in, and rounds the factors of a
//! convolution to ten bits (TF32) where nobody forbids it. libtorch has switches for both, which its
//! C interface lacks, so they are looked up by their C++ names.

use std::ffi::{CStr, c_void};

/// cuBLAS repeats its sums with a workspace of its own alone; it looks at this when it is loaded.
pub const CUBLAS_WORKSPACE: (&str, &str) = ("CUBLAS_WORKSPACE_CONFIG", ":4096:8");

/// `at::Context& at::globalContext()`
const CONTEXT: &CStr = c"_ZN2at13globalContextEv";
/// `void at::Context::setDeterministicCuDNN(bool)`
const CUDNN: &CStr = c"_ZN2at7Context21setDeterministicCuDNNEb";
/// `void at::Context::setDeterministicAlgorithms(bool on, bool warn_only)`
const ALGORITHMS: &CStr = c"_ZN2at7Context26setDeterministicAlgorithmsEbb";
/// `void at::Context::setAllowTF32CuDNN(bool)`
const TF32: &CStr = c"_ZN2at7Context17setAllowTF32CuDNNEb";

/// libtorch's switches. A member function takes its object as the first argument.
struct Switches {
    context: unsafe extern "C" fn() -> *mut c_void,
    cudnn: unsafe extern "C" fn(*mut c_void, bool),
    algorithms: unsafe extern "C" fn(*mut c_void, bool, bool),
    tf32: unsafe extern "C" fn(*mut c_void, bool),
}

impl Switches {
    /// The switches of the libtorch that is loaded; none where it calls them otherwise.
    fn find() -> Option<Switches> {
        let [context, cudnn, algorithms, tf32] = [CONTEXT, CUDNN, ALGORITHMS, TF32].map(address_of);
        // SAFETY: each name spells out the types of its function, which are those above, and
        // libtorch stays loaded for the life of the process.
        unsafe {
            Some(Switches {
                context: std::mem::transmute::<*mut c_void, unsafe extern "C" fn() -> *mut c_void>(
                    context?,
                ),
                cudnn: std::mem::transmute::<*mut c_void, unsafe extern "C" fn(*mut c_void, bool)>(
                    cudnn?,
                ),
                algorithms: std::mem::transmute::<
                    *mut c_void,
                    unsafe extern "C" fn(*mut c_void, bool, bool),
                >(algorithms?),
                tf32: std::mem::transmute::<*mut c_void, unsafe extern "C" fn(*mut c_void, bool)>(
                    tf32?,
                ),
            })
        }
    }
}

fn address_of(name: &CStr) -> Option<*mut c_void> {
    // SAFETY: `name` is a C string; looking up changes nothing.
    let found = unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) };
    (!found.is_null()).then_some(found)
}

/// Asks libtorch for repeatable and unrounded arithmetic on GPUs; whether it has what that takes.
///
/// What has no repeatable way it only warns of, so that nothing that trains without this fails
/// with it.
pub fn repeat_bits() -> bool {
    let Some(switches) = Switches::find() else { return false };
    // SAFETY: the context lives as long as the process, and its setters only store flags; nothing
    // computes on a GPU yet.
    unsafe {
        let context = (switches.context)();
        (switches.cudnn)(context, true);
        (switches.algorithms)(context, true, true);
        (switches.tf32)(context, false);
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libtorch_has_the_switches() {
        assert!(Switches::find().is_some());
        assert!(address_of(c"_ZN2at7Context12noSuchSwitchEb").is_none());
    }
}
