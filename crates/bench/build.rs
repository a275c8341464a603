//! Compiles the references: plain C, as fast as this machine's compiler makes it.

fn main() {
    println!("cargo::rerun-if-changed=reference");
    cc::Build::new()
        .file("reference/moons.c")
        .file("reference/tiny.c")
        .opt_level(3)
        .flag_if_supported("-march=native")
        .warnings(true)
        .compile("reference");
}
