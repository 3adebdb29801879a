//! File modes as people write them: octal digits, or clauses of symbols as `chmod` reads them.

use crate::model::value::Value;
use crate::module::{Failure, Parameters, Stop};

/// A mode as a task asks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Permission bits including setuid, setgid and sticky.
    Bits(u32),
    /// What is to be added, removed or set, in order.
    Symbolic(Vec<Clause>),
    /// That of the source (`mode: preserve`).
    Preserve,
}

/// One operation of a symbolic mode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clause {
    /// Some of `ugo`.
    who: Vec<Who>,
    /// Nobody was named: everybody, but not what the umask takes away.
    masked: bool,
    operator: Operator,
    /// Some of `rwxXst`, or `u`, `g`, `o` for what that one has.
    permissions: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    User,
    Group,
    Other,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Add,
    Remove,
    Set,
}

/// The umask that symbolic modes without a name are read with, and new files are made with.
const UMASK: u32 = 0o022;

impl Mode {
    /// The mode that a parameter asks for.
    ///
    /// # Errors
    /// When it is no mode, or an integer that was most likely meant in octal.
    pub fn of(parameters: &Parameters, name: &str) -> Result<Option<Self>, Stop> {
        match parameters.get(name) {
            None => Ok(None),
            Some(Value::Int(number)) => Self::from_integer(name, *number).map(Some),
            Some(Value::String(text)) => Self::parse(text)
                .map(Some)
                .ok_or_else(|| {
                    Failure::new(format!("`{text}` is no mode"))
                        .help("write octal digits with a leading zero (`0644`), symbols (`u=rw,g=r,o=`), or `preserve`")
                        .into()
                }),
            Some(other) => Err(parameters.wrong(name, "a mode", other)),
        }
    }

    /// Reads digits or symbols.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text == "preserve" {
            return Some(Self::Preserve);
        }
        let digits = text.strip_prefix("0o").unwrap_or(text);
        if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return u32::from_str_radix(digits, 8)
                .ok()
                .filter(|bits| *bits <= 0o7777)
                .map(Self::Bits);
        }
        let mut clauses = Vec::new();
        for part in text.split(',') {
            parse_clauses(part, &mut clauses)?;
        }
        Some(Self::Symbolic(clauses))
    }

    /// YAML reads `0o644` as the integer 420, which is right, and people write 644, which is not.
    fn from_integer(name: &str, number: i64) -> Result<Self, Stop> {
        let meant = u32::from_str_radix(&number.to_string(), 8)
            .ok()
            .filter(|bits| is_sensible(*bits));
        match (meant, u32::try_from(number)) {
            (None, Ok(bits)) if bits <= 0o7777 => Ok(Self::Bits(bits)),
            _ => Err(Failure::new(format!(
                "`{name}: {number}` is a decimal number, and modes are octal"
            ))
            .help(format!("write it as `{name}: \"0{number}\"`"))
            .into()),
        }
    }

    /// The bits that come of `current`. `directory`: for `X`.
    pub fn resolve(&self, current: u32, directory: bool) -> u32 {
        match self {
            Self::Bits(bits) => *bits,
            Self::Preserve => current,
            Self::Symbolic(clauses) => clauses
                .iter()
                .fold(current, |mode, clause| clause.apply(mode, directory)),
        }
    }

    /// The bits of something new, made with the usual umask.
    pub fn resolve_new(&self, directory: bool) -> u32 {
        self.resolve(new_mode(directory), directory)
    }
}

/// What something new gets where no mode is asked for.
pub const fn new_mode(directory: bool) -> u32 {
    let all = if directory { 0o777 } else { 0o666 };
    all & !UMASK
}

/// A mode as people write it.
pub fn show(bits: u32) -> String {
    format!("{bits:04o}")
}

/// Whether nobody has a permission that those nearer to the file lack, and its user can read it.
fn is_sensible(bits: u32) -> bool {
    let [user, group, other] = [bits >> 6 & 7, bits >> 3 & 7, bits & 7];
    bits <= 0o7777 && user & 4 == 4 && group & !user == 0 && other & !group == 0
}

/// `u=rw-x+X` is several operations for the same people.
fn parse_clauses(text: &str, clauses: &mut Vec<Clause>) -> Option<()> {
    let start = text.find(['+', '-', '='])?;
    let mut who = Vec::new();
    for letter in text[..start].chars() {
        match letter {
            'u' => who.push(Who::User),
            'g' => who.push(Who::Group),
            'o' => who.push(Who::Other),
            'a' => who.extend([Who::User, Who::Group, Who::Other]),
            _ => return None,
        }
    }
    let masked = who.is_empty();
    if masked {
        who = vec![Who::User, Who::Group, Who::Other];
    }
    let mut rest = &text[start..];
    while let Some(sign) = rest.chars().next() {
        let operator = match sign {
            '+' => Operator::Add,
            '-' => Operator::Remove,
            _ => Operator::Set,
        };
        let end = rest[1..]
            .find(['+', '-', '='])
            .map_or(rest.len(), |end| end + 1);
        let permissions = &rest[1..end];
        if !permissions
            .chars()
            .all(|letter| "rwxXstugo".contains(letter))
        {
            return None;
        }
        clauses.push(Clause {
            who: who.clone(),
            masked,
            operator,
            permissions: permissions.to_owned(),
        });
        rest = &rest[end..];
    }
    Some(())
}

impl Clause {
    fn apply(&self, mode: u32, directory: bool) -> u32 {
        // What `X`, `u`, `g` and `o` mean is decided before the clause changes anything.
        let before = mode;
        self.who.iter().fold(mode, |mode, who| {
            let mut bits = self.bits(*who, before, directory);
            if self.masked {
                bits &= !UMASK;
            }
            match self.operator {
                Operator::Add => mode | bits,
                Operator::Remove => mode & !bits,
                Operator::Set => mode & !who.all() | bits,
            }
        })
    }

    fn bits(&self, who: Who, current: u32, directory: bool) -> u32 {
        let shift = who.shift();
        self.permissions.chars().fold(0, |bits, letter| {
            bits | match letter {
                'r' => 4 << shift,
                'w' => 2 << shift,
                'x' => 1 << shift,
                'X' if directory || current & 0o111 != 0 => 1 << shift,
                's' => who.set_id(),
                't' if who == Who::Other => 0o1000,
                'u' => (current >> 6 & 7) << shift,
                'g' => (current >> 3 & 7) << shift,
                'o' => (current & 7) << shift,
                _ => 0,
            }
        })
    }
}

impl Who {
    fn shift(self) -> u32 {
        match self {
            Self::User => 6,
            Self::Group => 3,
            Self::Other => 0,
        }
    }

    fn set_id(self) -> u32 {
        match self {
            Self::User => 0o4000,
            Self::Group => 0o2000,
            Self::Other => 0,
        }
    }

    /// What `=` replaces.
    fn all(self) -> u32 {
        match self {
            Self::User => 0o4700,
            Self::Group => 0o2070,
            Self::Other => 0o1007,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(text: &str, current: u32, directory: bool) -> u32 {
        Mode::parse(text).unwrap().resolve(current, directory)
    }

    #[test]
    fn digits_are_octal() {
        assert_eq!(Mode::parse("0644"), Some(Mode::Bits(0o644)));
        assert_eq!(Mode::parse("640"), Some(Mode::Bits(0o640)));
        assert_eq!(Mode::parse("0o1777"), Some(Mode::Bits(0o1777)));
        assert_eq!(Mode::parse("0688"), None);
        assert_eq!(Mode::parse("77777"), None);
        assert_eq!(Mode::parse(""), None);
    }

    #[test]
    fn integers_that_were_meant_in_octal_are_refused() {
        for wrong in [644, 755, 600, 1777, 640, 400, 99999, -1] {
            assert!(Mode::from_integer("mode", wrong).is_err(), "{wrong}");
        }
        assert_eq!(Mode::from_integer("mode", 0o644), Ok(Mode::Bits(0o644)));
        assert_eq!(Mode::from_integer("mode", 0o755), Ok(Mode::Bits(0o755)));
        assert_eq!(Mode::from_integer("mode", 0o600), Ok(Mode::Bits(0o600)));
    }

    #[test]
    fn symbols_do_what_chmod_does() {
        assert_eq!(resolve("u=rw,g=r,o=", 0o777, false), 0o640);
        assert_eq!(resolve("u+x", 0o644, false), 0o744);
        assert_eq!(resolve("a-w", 0o666, false), 0o444);
        assert_eq!(resolve("+x", 0o644, false), 0o755);
        assert_eq!(resolve("+w", 0o444, false), 0o644);
        assert_eq!(resolve("u=rwX,g=rX,o=rX", 0o600, false), 0o644);
        assert_eq!(resolve("u=rwX,g=rX,o=rX", 0o700, false), 0o755);
        assert_eq!(resolve("u=rwX,g=rX,o=rX", 0o600, true), 0o755);
        assert_eq!(resolve("g=u", 0o640, false), 0o660);
        assert_eq!(resolve("u+s,g+s", 0o755, false), 0o6755);
        assert_eq!(resolve("+t", 0o777, true), 0o1777);
        assert_eq!(resolve("u=rw-x+X", 0o711, false), 0o711);
        assert_eq!(resolve("o=t", 0o777, true), 0o1770);
        assert_eq!(Mode::parse("u=q"), None);
        assert_eq!(Mode::parse("rw"), None);
        assert_eq!(Mode::parse("z+x"), None);
    }
}
