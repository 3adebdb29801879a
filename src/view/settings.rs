//! How results are told, as the command line has it.

/// When colours are used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ColorChoice {
    /// On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`.
    #[default]
    Auto,
    Always,
    Never,
}

#[derive(Clone, Copy, Debug, Default)]
pub struct Settings {
    /// Events as JSON lines.
    pub json: bool,
    /// 0: what changes; 1: all tasks; 2: each host too.
    pub detail: u8,
    pub color: ColorChoice,
}
