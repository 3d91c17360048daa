//! Links libtorch's CPU half and lets the binary find it at run time.
//!
//! `torch-sys` tells where libtorch is through `DEP_TCH_LIBTORCH_LIB`; only a direct dependent
//! is told. The CUDA half is never linked: it is loaded at run time where a GPU is asked for.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=LIBTORCH");
    if let Ok(folder) = std::env::var("DEP_TCH_LIBTORCH_LIB") {
        println!("cargo:rustc-link-arg=-Wl,-rpath,{folder}");
        // Where it is not there, as in a folder of `make dist`, libraries lie beside the program's.
        let beside = match std::env::var("CARGO_CFG_TARGET_OS").as_deref() {
            Ok("macos") => "@loader_path/../lib",
            _ => "$ORIGIN/../lib",
        };
        println!("cargo:rustc-link-arg=-Wl,-rpath,{beside}");
        println!("cargo:rustc-env=DML_LIBTORCH_LIB={folder}");
    }
}
