//! Everything that is printed.
//!
//! `gather` groups events as they come in, `tell` turns groups into text, `page` breaks text to the width of the
//! terminal and knows colours, `terminal` leads them; `console` is what the commands call.

mod console;
mod diagnostic;
mod explain;
mod facts;
mod gather;
mod locks;
mod output;
mod page;
mod progress;
mod record;
mod settings;
mod tell;
mod terminal;

pub use console::{Console, answer};
pub use diagnostic::{render as render_diagnostic, render_all as render_diagnostics};
pub use explain::page as explanation_page;
pub use facts::{Answer, Survey};
pub use locks::{LockAnswer, page as locks_page};
pub use page::Page;
pub use record::{list as runs_page, undoing as undoing_page};
pub use settings::{ColorChoice, Settings};
pub use terminal::Terminal;
