//! What is fetched, and the program that does it.

use crate::model::blob::Blob;
use crate::model::probe::Program;
use crate::model::value::Map;
use crate::module::{Failure, Look, Parameters, Stop};

/// Seconds that a fetch may take as a whole.
const LONGEST: u64 = 3600;

/// Fetches to `$new`; `$failed` is the program's code and `$status` the server's. What may be a secret comes by standard
/// input, line by line for each program, and reaches it by a file: arguments can be seen by everybody.
const FETCH: &str = r#"set -eu
umask 077
work=$(mktemp -d)
new=$work/file
trap 'rm -rf -- "$work"' EXIT
trap 'exit 143' TERM
: >"$work/curl"
: >"$work/wget"
: >"$work/address"
: >"$work/said"
while IFS= read -r line; do
	case $line in
	'curl '*) printf '%s\n' "${line#curl }" >>"$work/curl" ;;
	'wget '*) printf '%s\n' "${line#wget }" >>"$work/wget" ;;
	'address '*) printf '%s\n' "${line#address }" >>"$work/address" ;;
	esac
done
failed=0
status=
if command -v curl >/dev/null 2>&1; then
	status=$(curl --config "$work/curl" --output "$new" --write-out '%{http_code}') || failed=$?
elif ! command -v wget >/dev/null 2>&1; then
	echo 'the host has neither curl nor wget: install one of them before' >&2
	exit 127
elif wget --version 2>/dev/null | grep -q GNU; then
	WGETRC=$work/wget wget --no-verbose --server-response --output-document="$new" --input-file="$work/address" \
		2>"$work/said" || failed=$?
elif [ -s "$work/wget" ] && grep -q -E '^(header|user|password)' "$work/wget"; then
	echo 'the small wget of this host can keep no secret: install curl before' >&2
	exit 127
else
	wget -q -S -O "$new" "$(cat "$work/address")" 2>"$work/said" || failed=$?
fi
# Headers of answers are indented; the last answer counts.
while IFS= read -r line; do
	case $line in
	'  HTTP/'*) status=${line#*HTTP/* }; status=${status%% *} ;;
	'  '*) ;;
	*) printf '%s\n' "$line" >&2 ;;
	esac
done <"$work/said"
case $status in [1-5][0-9][0-9]) ;; *) status= ;; esac
"#;

/// Says what the server answered.
const TELL: &str = "echo \"status_code $status\"\n";

/// Goes on only with what was fetched.
const GOOD: &str = r#"[ "$failed" = 0 ] || exit "$failed"
[ -e "$new" ] || : >"$new"
"#;

/// One address with all that the server is told.
pub(super) struct Fetch {
    address: String,
    headers: Vec<(String, String)>,
    account: Option<(String, String)>,
    timeout: u64,
    check_certificates: bool,
    proxy: bool,
}

impl Fetch {
    pub(super) fn of(parameters: &Parameters) -> Result<Self, Stop> {
        let address = parameters.required("url")?;
        if !["https://", "http://", "ftp://", "file://"]
            .iter()
            .any(|scheme| address.starts_with(scheme))
        {
            return Err(Failure::new("`url` is no address that can be fetched")
                .help("it begins with `https://`, `http://`, `ftp://` or `file://`")
                .into());
        }
        let headers = match parameters.map("headers")? {
            None => Vec::new(),
            Some(map) => headers(parameters, map)?,
        };
        let name = parameters.string("url_username")?;
        let password = parameters.secret("url_password")?;
        let account = name.map(|name| {
            let password = password.map(|password| password.expose().to_owned());
            (name, password.unwrap_or_default())
        });
        let timeout = match parameters.integer("timeout")? {
            None => 10,
            Some(seconds) => u64::try_from(seconds)
                .map_err(|_| Stop::failed("`timeout` is a number of seconds"))?,
        };
        let fetch = Self {
            address,
            headers,
            account,
            timeout,
            check_certificates: parameters.boolean("validate_certs", true)?,
            proxy: parameters.boolean("use_proxy", true)?,
        };
        let account = fetch.account.iter().flat_map(|(name, word)| [name, word]);
        let headers = fetch.headers.iter().flat_map(|(name, value)| [name, value]);
        if account
            .chain(headers)
            .chain([&fetch.address])
            .any(|text| text.contains(['\n', '\r', '\0']))
        {
            return Err(Stop::failed(
                "an address, a header or a password has more than one line",
            ));
        }
        Ok(fetch)
    }

    /// The same for another address.
    pub(super) fn at(&self, address: &str) -> Self {
        Self {
            address: address.to_owned(),
            headers: self.headers.clone(),
            account: self.account.clone(),
            ..*self
        }
    }

    /// The last part of the address, without what follows `?` or `#`.
    pub(super) fn file_name(&self) -> &str {
        let end = self.address.find(['?', '#']).unwrap_or(self.address.len());
        let path = self.address[..end].trim_end_matches('/');
        match path.rsplit_once('/') {
            Some((before, name)) if !before.ends_with("/") && !name.is_empty() => name,
            _ => "index.html",
        }
    }

    /// The address without a name and password in it.
    pub(super) fn shown(&self) -> String {
        let Some((scheme, rest)) = self.address.split_once("://") else {
            return self.address.clone();
        };
        let end = rest.find('/').unwrap_or(rest.len());
        match rest[..end].rfind('@') {
            Some(place) => format!("{scheme}://{}", &rest[place + 1..]),
            None => self.address.clone(),
        }
    }

    /// A program that fetches, tells the server's answer, and does with `$new` what `verdict` says, with `words` as its
    /// `$1` and on.
    pub(super) fn program(&self, verdict: &str, words: &[&str]) -> Program {
        self.run(&format!("{FETCH}{TELL}{GOOD}{verdict}"), words)
    }

    fn run(&self, script: &str, words: &[&str]) -> Program {
        let mut argv = vec!["/bin/sh", "-c", script, "get_url"];
        argv.extend(words);
        Program {
            stdin: Some(Blob::from(self.lines())),
            time_limit: Some(LONGEST),
            ..Program::new(argv)
        }
    }

    /// What the address holds, by its SHA-256.
    pub(super) fn checksum_of_it(&self, look: &Look<'_>) -> Result<String, Stop> {
        let text = self.ask(look, "sha256sum <\"$new\"\n")?;
        Ok(text
            .split_whitespace()
            .next()
            .unwrap_or_default()
            .to_owned())
    }

    /// What the address holds, as text.
    pub(super) fn text_of_it(&self, look: &Look<'_>) -> Result<String, Stop> {
        self.ask(look, "head -c 1048576 \"$new\"\n")
    }

    fn ask(&self, look: &Look<'_>, verdict: &str) -> Result<String, Stop> {
        let said = look.program(&self.run(&format!("{FETCH}{GOOD}{verdict}"), &[]))?;
        if said.code != 0 || said.timed_out {
            let reason = said.stderr.to_lossy();
            return Err(Failure::new(format!(
                "`{}` could not be fetched: {}",
                self.shown(),
                reason.trim()
            ))
            .help("try the same address with curl on the host")
            .into());
        }
        Ok(said.stdout.to_lossy().into_owned())
    }

    /// The configuration of both programs.
    fn lines(&self) -> String {
        let mut lines = format!("address {}\n", self.address);
        let mut curl = |text: &str| lines.push_str(&format!("curl {text}\n"));
        curl(&format!("url = {}", quoted(&self.address)));
        for word in ["fail", "silent", "show-error", "location", "globoff"] {
            curl(word);
        }
        let timeout = self.timeout;
        curl(&format!("connect-timeout = {timeout}"));
        curl(&format!("speed-time = {timeout}"));
        curl("speed-limit = 1");
        if !self.check_certificates {
            curl("insecure");
        }
        if !self.proxy {
            curl("noproxy = \"*\"");
        }
        for (name, value) in &self.headers {
            curl(&format!("header = {}", quoted(&format!("{name}: {value}"))));
        }
        if let Some((name, password)) = &self.account {
            curl(&format!("user = {}", quoted(&format!("{name}:{password}"))));
        }
        let mut wget = |text: String| lines.push_str(&format!("wget {text}\n"));
        wget(format!("timeout = {timeout}"));
        wget("tries = 1".to_owned());
        if !self.check_certificates {
            wget("check_certificate = off".to_owned());
        }
        if !self.proxy {
            wget("use_proxy = off".to_owned());
        }
        for (name, value) in &self.headers {
            wget(format!("header = {name}: {value}"));
        }
        if let Some((name, password)) = &self.account {
            wget(format!("user = {name}"));
            wget(format!("password = {password}"));
            wget("auth_no_challenge = on".to_owned());
        }
        lines
    }
}

fn headers(parameters: &Parameters, map: &Map) -> Result<Vec<(String, String)>, Stop> {
    map.iter()
        .map(|(name, value)| match value.scalar_text() {
            Some(text) => Ok((name.clone(), text)),
            None => Err(parameters.wrong("headers", "texts", value)),
        })
        .collect()
}

/// A text for a configuration of curl.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
