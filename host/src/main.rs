//! The program `patchpanel`; see `patchpanel --help`.

fn main() -> std::process::ExitCode {
    patchpanel::cli::main()
}
