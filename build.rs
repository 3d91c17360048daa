//! Links libtorch's CPU part and lets the binary find it at run time.
//!
//! `torch-sys` passes the path of libtorch in `DEP_TCH_LIBTORCH_LIB`, but only to direct dependents. The
//! CUDA part is never linked: it is loaded at run time if a GPU is requested.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=LIBTORCH");
    if let Ok(folder) = std::env::var("DEP_TCH_LIBTORCH_LIB") {
        println!("cargo:rustc-link-arg=-Wl,-rpath,{folder}");
        // Otherwise, as after `make dist`, libraries are in ../lib.
        let beside = match std::env::var("CARGO_CFG_TARGET_OS").as_deref() {
            Ok("macos") => "@loader_path/../lib",
            _ => "$ORIGIN/../lib",
        };
        println!("cargo:rustc-link-arg=-Wl,-rpath,{beside}");
        println!("cargo:rustc-env=DML_LIBTORCH_LIB={folder}");
    }
}
