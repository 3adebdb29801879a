//! Programs of which it is known what they do.

use super::Program;

/// What a well-known program can do, from least to most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    /// It changes nothing, waits for nobody and asks no other machine, as long as its arguments name regular files, and
    /// comes to an end by itself.
    Files,
    /// It may, but starts no other program and signals none: to end it is to end all that it is.
    Itself,
}

/// By the names of the programs. All are of POSIX or of GNU's core utilities, and busybox has them too.
const PROGRAMS: [(&str, Reach); 24] = [
    ("basename", Reach::Files),
    ("cat", Reach::Files),
    ("cmp", Reach::Files),
    ("cut", Reach::Files),
    ("dirname", Reach::Files),
    ("echo", Reach::Files),
    ("expr", Reach::Files),
    ("false", Reach::Files),
    ("grep", Reach::Files),
    ("head", Reach::Files),
    // With a name, it sets the host's.
    ("hostname", Reach::Itself),
    // Whose account it is may have to be asked of a directory service.
    ("id", Reach::Itself),
    // Without an argument it looks at a whole directory, and with `-R` at all below.
    ("ls", Reach::Itself),
    // As long as it is told to be.
    ("printf", Reach::Itself),
    ("pwd", Reach::Files),
    ("readlink", Reach::Files),
    ("realpath", Reach::Files),
    // With `-c`, it looks at all that a list names.
    ("sha256sum", Reach::Itself),
    ("stat", Reach::Files),
    // With `-f` it waits for what others write.
    ("tail", Reach::Itself),
    ("test", Reach::Files),
    ("true", Reach::Files),
    ("uname", Reach::Files),
    ("wc", Reach::Files),
];

/// Where the kernel keeps files of one value. What else is below `/proc/sys` may have many lines, and yet an end for whoever
/// does not ask from its beginning (`/proc/sys/dev/cdrom/info`).
const VALUES: [&str; 5] = [
    "/proc/sys/fs/",
    "/proc/sys/kernel/",
    "/proc/sys/net/",
    "/proc/sys/vm/",
    "/sys/",
];

/// Where the kernel tells what `uname` asks it for (`uts_kern_table` in Linux's `kernel/utsname_sysctl.c`).
const UNAME: [(&str, &str); 3] = [
    ("-n", "/proc/sys/kernel/hostname"),
    ("-r", "/proc/sys/kernel/osrelease"),
    ("-s", "/proc/sys/kernel/ostype"),
];

/// Where the system keeps its own programs.
const SYSTEM_FOLDERS: [&str; 2] = ["/bin", "/usr/bin"];

impl Program {
    /// Whether it starts no other program and signals none.
    pub fn is_alone(&self) -> bool {
        self.reach().is_some()
    }

    /// Whether to run it is to look at the files that its words name, and nothing else, so that nobody can tell whether it
    /// ran before its turn. That what they name are files, and not large ones, has still to be seen on the host.
    pub fn looks_at_files(&self) -> bool {
        self.reach() == Some(Reach::Files)
            && self.environment.is_empty()
            && self.directory.is_none()
            && self.stdin.is_none()
            && self.time_limit.is_none()
            && !self.has_options_that_name_more()
            && self.absolute_paths().all(ends_by_itself)
    }

    /// The file of the kernel's that holds all that a program says which [looks at files](Self::looks_at_files), mostly as
    /// one line.
    pub fn kernel_value(&self) -> Option<&str> {
        let mut words = self.argv.iter().skip(1).map(String::as_str);
        let argument = words.next()?;
        if words.next().is_some() || !self.looks_at_files() {
            return None;
        }
        match self.name()? {
            "cat" => {
                let is_value = VALUES.iter().any(|folder| argument.starts_with(folder));
                is_value.then_some(argument)
            }
            "uname" => {
                let values = UNAME.iter().find(|(option, _)| *option == argument);
                values.map(|(_, path)| *path)
            }
            _ => None,
        }
    }

    /// The words that are absolute paths, or begin like one.
    pub fn absolute_paths(&self) -> impl Iterator<Item = &str> {
        let words = self.argv.iter().skip(1).map(String::as_str);
        words.filter(|word| word.starts_with('/'))
    }

    fn reach(&self) -> Option<Reach> {
        let name = self.name()?;
        let known = PROGRAMS.iter().find(|(known, _)| *known == name)?;
        Some(known.1)
    }

    /// Its name, where it is given without a folder or with one where the system keeps its own.
    fn name(&self) -> Option<&str> {
        let program = self.argv.first()?;
        match program.rsplit_once('/') {
            Some((folder, name)) => SYSTEM_FOLDERS.contains(&folder).then_some(name),
            None => Some(program),
        }
    }

    /// Options may name files in other ways than by a word of their own (`--files0-from=LIST`, `-f/LIST`), and with `-r` grep
    /// searches the working directory.
    fn has_options_that_name_more(&self) -> bool {
        let is_grep = self.argv.first().is_some_and(|name| name.ends_with("grep"));
        let options = self
            .argv
            .iter()
            .skip(1)
            .filter(|word| word.starts_with('-'));
        options.into_iter().any(|option| {
            option.starts_with("--")
                || option.contains('/')
                || is_grep && option.contains(['r', 'R', 'd'])
        })
    }
}

/// Where the kernel makes up what it answers, and how it answers is for each file to say: some answer only when something
/// happens (`/proc/kmsg`), some never end (`/proc/kcore`).
const MADE_UP: [&str; 3] = ["/proc/", "/sys/", "/dev/"];

/// Of those, what answers at once, and in short.
const ANSWER_AT_ONCE: [&str; 15] = [
    "/proc/cmdline",
    "/proc/cpuinfo",
    "/proc/filesystems",
    "/proc/loadavg",
    "/proc/meminfo",
    "/proc/swaps",
    "/proc/sys/",
    "/proc/uptime",
    "/proc/version",
    "/proc/vmstat",
    "/sys/block/",
    "/sys/class/block/",
    "/sys/class/net/",
    "/sys/kernel/mm/",
    "/sys/module/",
];

/// Whether reading a path, if it is that of a file, comes to its end. Only of one that is written plainly can that be told.
fn ends_by_itself(path: &str) -> bool {
    let is_plain = path
        .split('/')
        .skip(1)
        .all(|part| !matches!(part, "" | "." | ".."));
    let begins = |starts: &[&str]| {
        let mut starts = starts.iter();
        starts.any(|start| path.starts_with(start))
    };
    is_plain && (!begins(&MADE_UP) || begins(&ANSWER_AT_ONCE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_starts_no_other_is_told_from_what_may() {
        for alone in ["cat /etc/hosts", "/bin/cat x", "/usr/bin/tail -f x", "id"] {
            assert!(program(alone).is_alone(), "{alone}");
        }
        for other in ["", "sh -c true", "/opt/bin/cat x", "./cat x", "env cat x"] {
            assert!(!program(other).is_alone(), "{other}");
        }
    }

    #[test]
    fn what_only_looks_at_files_is_told_from_what_may_do_more() {
        for looks in [
            "cat /etc/hosts",
            "uname -r",
            "cat /proc/sys/vm/overcommit_memory",
            "cat /sys/kernel/mm/transparent_hugepage/enabled",
            "grep -E ^x /etc/x",
            "grep -qi x /x",
        ] {
            assert!(program(looks).looks_at_files(), "{looks}");
        }
        for more in [
            "hostname other",
            "tail -f /x",
            "ls",
            "id www",
            "sh -c true",
            "grep -r x",
            "grep -nR x",
            "grep --recursive x",
            "grep -d recurse x",
            "grep -f/list x",
            "sha256sum -c /list",
            "wc --files0-from=/list",
            "printf %999999999d x",
            "cat /proc/kmsg",
            "cat //proc/kmsg",
            "cat /etc/../proc/kmsg",
            "head -c 10 /dev/zero",
            "cat /sys/kernel/tracing/trace_pipe",
        ] {
            assert!(!program(more).looks_at_files(), "{more}");
        }
        let mut reads = program("cat");
        reads.stdin = Some("text".into());
        assert!(!reads.looks_at_files());
        let mut in_time = program("cat x");
        in_time.time_limit = Some(5);
        assert!(!in_time.looks_at_files());
        let mut elsewhere = program("cat x");
        elsewhere.directory = Some("/srv".to_owned());
        assert!(!elsewhere.looks_at_files());
    }

    #[test]
    fn what_says_one_value_of_the_kernel_is_known() {
        for (words, path) in [
            ("cat /proc/sys/vm/swappiness", "/proc/sys/vm/swappiness"),
            (
                "/bin/cat /sys/kernel/mm/transparent_hugepage/enabled",
                "/sys/kernel/mm/transparent_hugepage/enabled",
            ),
            ("uname -r", "/proc/sys/kernel/osrelease"),
        ] {
            assert_eq!(program(words).kernel_value(), Some(path), "{words}");
        }
        for other in [
            "uname",
            "uname -a",
            "uname -r -s",
            "cat -n /proc/sys/vm/swappiness",
            "cat /proc/sys/vm/swappiness /proc/sys/vm/overcommit_memory",
            "cat /etc/hostname",
            "cat /proc/meminfo",
            "cat /proc/sys/dev/cdrom/info",
            "cat /sys/kernel/tracing/trace_pipe",
            "wc /proc/sys/vm/swappiness",
        ] {
            assert_eq!(program(other).kernel_value(), None, "{other}");
        }
    }

    fn program(words: &str) -> Program {
        Program::new(words.split_ascii_whitespace())
    }
}
