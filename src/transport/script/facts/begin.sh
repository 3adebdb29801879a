# What this host is, in one go. Runs inside a bigger program: it reads nothing from standard input, leaves no
# variable or function behind but c_near, cachesmith_near and itself, and no part of it may hang or fail the rest.
#
# Answers are records: a line of RS (octal 036), a name, a space and a number of bytes; then that many bytes and
# a newline. The bytes are what the host's files and programs say; reading them is the other half's work.
# Files are read with the shell's own `read`, or many by one `grep`, because every program started costs a
# millisecond on each host of a fleet.
cachesmith_facts() (
	set +e +u +f
	path_before=$PATH
	PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
	LC_ALL=C
	export PATH LC_ALL
	unset IFS REDISCLI_AUTH VALKEYCLI_AUTH GREP_OPTIONS POSIXLY_CORRECT BLOCKSIZE BLOCK_SIZE DF_BLOCK_SIZE
	newline='
'

	put() { printf '\036%s %d\n%s\n' "$1" "${#2}" "$2"; }
	miss() { put "missing $1" "$2"; }
	have() { command -v "$1" >/dev/null 2>&1; }

	is_busybox() { [ "/usr/bin/$1" -ef /bin/busybox ] || [ "/bin/$1" -ef /bin/busybox ]; }

	# limited SECONDS PROGRAM...: ends the program, and exits with 124 or more, when it takes longer. Only for
	# use inside $(...), which it does not outlive. Old busybox has another syntax for `timeout`, so there the
	# shell keeps the time itself.
	if have timeout && ! is_busybox timeout; then
		limited() { exec timeout -k 1 "$@"; }
	else
		limited() {
			seconds=$1
			shift
			{ "$@" <&3 3<&- & } 3<&0
			program=$!
			{ sleep "$seconds" && kill -9 "$program"; } >/dev/null 2>&1 </dev/null &
			watchdog=$!
			wait "$program"
			code=$?
			kill "$watchdog"
			return "$code"
		}
	fi
