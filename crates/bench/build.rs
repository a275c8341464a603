//! Compiles the references: plain C, as fast as this machine's compiler makes it.

fn main() {
    println!("cargo::rerun-if-changed=reference");
    let references = ["classifier", "log_sum_exp", "microgpt", "moons", "oscillators", "peak", "rosenbrock", "tiny"];
    cc::Build::new()
        .files(references.map(|name| format!("reference/{name}.c")))
        .opt_level(3)
        .flag_if_supported("-march=native")
        .warnings(true)
        .compile("reference");
}
