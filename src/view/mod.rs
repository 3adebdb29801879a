//! Everything that is printed.

mod console;

pub use console::Console;
