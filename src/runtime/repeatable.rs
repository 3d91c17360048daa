//! Deterministic arithmetic on a GPU.
//!
//! By default cuDNN sums gradients in a nondeterministic order and rounds the inputs of a
//! convolution to ten bits (TF32). libtorch has switches for both that its C interface lacks, so
//! they are looked up by their C++ symbols.

use std::ffi::{CStr, c_void};

/// cuBLAS is deterministic only with this workspace setting, which it reads when it is loaded.
pub const CUBLAS_WORKSPACE: (&str, &str) = ("CUBLAS_WORKSPACE_CONFIG", ":4096:8");

/// `at::Context& at::globalContext()`
const CONTEXT: &CStr = c"_ZN2at13globalContextEv";
/// `void at::Context::setDeterministicCuDNN(bool)`
const CUDNN: &CStr = c"_ZN2at7Context21setDeterministicCuDNNEb";
/// `void at::Context::setDeterministicAlgorithms(bool on, bool warn_only)`
const ALGORITHMS: &CStr = c"_ZN2at7Context26setDeterministicAlgorithmsEbb";
/// `void at::Context::setAllowTF32CuDNN(bool)`
const TF32: &CStr = c"_ZN2at7Context17setAllowTF32CuDNNEb";

/// libtorch's switches; member functions take the object as the first argument.
struct Switches {
    context: unsafe extern "C" fn() -> *mut c_void,
    cudnn: unsafe extern "C" fn(*mut c_void, bool),
    algorithms: unsafe extern "C" fn(*mut c_void, bool, bool),
    tf32: unsafe extern "C" fn(*mut c_void, bool),
}

impl Switches {
    /// The switches of the loaded libtorch; `None` if it names them differently.
    fn find() -> Option<Switches> {
        let [context, cudnn, algorithms, tf32] = [CONTEXT, CUDNN, ALGORITHMS, TF32].map(address_of);
        // SAFETY: each symbol encodes the types of its function, which are those above, and
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
    // SAFETY: `name` is a C string; the lookup changes nothing.
    let found = unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) };
    (!found.is_null()).then_some(found)
}

/// Switches libtorch to deterministic arithmetic without TF32 on GPUs; returns whether it has the
/// switches.
///
/// Operations without a deterministic implementation only give a warning, so that this never makes
/// training fail.
pub fn make_deterministic() -> bool {
    let Some(switches) = Switches::find() else { return false };
    // SAFETY: the context lives as long as the process, and its setters only store flags; nothing
    // runs on a GPU yet.
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
