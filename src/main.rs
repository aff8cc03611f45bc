//! The program: hands the arguments to the command line.

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    manara::platform::own::keep_little_memory();
    manara::cli::run(std::env::args_os().skip(1).collect(), &manara::app::Commands).into()
}
