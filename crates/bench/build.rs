//! Compiles the references: plain C and C++, as fast as this machine's compiler makes it.

fn main() {
    println!("cargo::rerun-if-changed=reference");
    let references = ["classifier", "log_sum_exp", "microgpt", "moons", "oscillators", "peak", "rosenbrock", "tiny"];
    compile(cc::Build::new().files(references.map(|name| format!("reference/{name}.c"))), "reference");
    let primals = ["ba", "det", "gmm", "ht", "kmeans", "llsq", "lse", "lstm", "ode"];
    let primals = primals.map(|name| format!("reference/gradbench/{name}.cpp"));
    compile(cc::Build::new().cpp(true).files(primals), "primals");
}

fn compile(build: &mut cc::Build, library: &str) {
    build.opt_level(3).flag_if_supported("-march=native").warnings(true).compile(library);
}
