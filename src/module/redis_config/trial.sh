# the server tries the file before the file takes its place
# Arguments: the server's program, the file, the account of the service (empty: the trial start is left out), names
# of directives that CONFIG GET does not tell.
# Three stages, since none finds everything: the parser names a bad line and has no side effect, but in Redis 8 and
# later it takes any name; names are looked up in what CONFIG GET tells; a start finds what only a start finds, such
# as a file of accounts that cannot be read. What the file holds may be secret: nothing behind the name of a directive
# is ever repeated.
program=$1 file=$2 account=$3 untold=$4
umask 077

# Takes what the server said; keeps names and reasons.
safe() {
	sed -e "s/^\\(>>> '[A-Za-z0-9._-]*\\).*/\\1 .../" -e "s/^\\(Error in user declaration\\).*/\\1/" \
		-e "/^>>>/!s/'[^']*'/'...'/g" -e 's/"[^"]*"/"..."/g' >&2
}

# Stops behind everything else, at a value that no server takes, before a socket or a file is opened.
parses() {
	said=$(timeout 10 "$program" "$@" --activedefrag cachesmith-probe </dev/null 2>&1)
	case $said in
	*"'activedefrag \"cachesmith-probe\"'"*) return 0 ;;
	'') said='the server said nothing of it within 10 seconds' ;;
	esac
	return 1
}

if ! parses "$file"; then
	safe <<END
$said
END
	exit 1
fi

# A Sentinel keeps its state in its own file, and a root or an unknown account is nobody to try things as.
if [ -z "$account" ] || [ "$account" = root ] || grep -qi '^[[:space:]]*sentinel[[:space:]]' "$file"; then
	exit 0
fi
group=$(id -gn "$account" 2>/dev/null) || exit 0
if [ "$(id -u)" -ne 0 ] && [ "$(id -un)" != "$account" ]; then
	exit 0
fi

directory=${CACHESMITH_TRIAL:-}
server=
# shellcheck disable=SC2317 # called by traps
clean() {
	trap - EXIT
	if [ -n "$server" ]; then
		kill -TERM "$server" 2>/dev/null
		tries=30
		while [ "$tries" -gt 0 ] && kill -0 "$server" 2>/dev/null; do
			pause
			tries=$((tries - 1))
		done
		kill -KILL "$server" 2>/dev/null
		wait "$server" 2>/dev/null
	fi
	[ -z "$directory" ] || rm -rf "$directory"
}
# shellcheck disable=SC2317 # called by clean
pause() { sleep 0.1 2>/dev/null || sleep 1; }
trap 'clean; exit 143' HUP INT TERM
trap clean EXIT
# Who carries this out removes that directory where this program is killed; without it, it is one of our own.
if [ -z "$directory" ] || ! mkdir "$directory" 2>/dev/null; then
	directory=$(mktemp -d) || exit 1
fi

# Every value with which the trial could touch what the running server has: its ports, its socket, its pid file, its
# data, its log, its replication. Of repeats the last one holds.
{
	sed '/^[[:space:]]*\([Rr][Ee][Pp][Ll][Ii][Cc][Aa][Oo][Ff]\|[Ss][Ll][Aa][Vv][Ee][Oo][Ff]\)[[:space:]]/d' "$file"
	cat <<END

port 0
unixsocket $directory/s
unixsocketperm 700
pidfile $directory/p
logfile ""
dir $directory
dbfilename trial.rdb
save ""
appendonly no
cluster-enabled no
daemonize no
supervised no
syslog-enabled no
maxmemory 64mb
END
	# Not every build knows TLS, and an included file may set its port, too.
	if parses - --tls-port 0; then echo 'tls-port 0'; fi
	# Redis 5 does not know the words in a file; there the lines are only left out.
	if parses - --replicaof no one; then echo 'replicaof no one'; fi
} >"$directory/trial.conf" || exit 1

cd "$directory" || exit 1
set -- "$program" "$directory/trial.conf"
if [ "$(id -u)" -eq 0 ]; then
	chown "$account:$group" "$directory/trial.conf" "$directory" || exit 1
	if setpriv --reuid="$account" --regid="$group" --init-groups true 2>/dev/null; then
		set -- setpriv --reuid="$account" --regid="$group" --init-groups "$@"
	elif runuser -u "$account" -- true 2>/dev/null; then
		set -- runuser -u "$account" -- "$@"
	else
		# shellcheck disable=SC2016 # the words are for the inner shell
		set -- su -s /bin/sh "$account" -c 'exec "$0" "$1"' "$@"
	fi
fi
"$@" </dev/null >"$directory/log" 2>&1 &
server=$!

client=
for word in redis-cli valkey-cli; do
	if [ -z "$client" ] && command -v "$word" >/dev/null 2>&1; then client=$word; fi
done
ask() {
	timeout 5 "$client" --no-auth-warning -s "$directory/s" 2>&1 <<END
$1
END
}

failed() {
	{
		echo "$1"
		# Lines of a level above notice, and what follows them, without what a server says at every start.
		sed 's/^[0-9]*:[A-Z] [^#*]*\([#*]\) /\1 /' "$directory/log" | grep -e '^# ' -e '^>>>' -e '^[A-Za-z]' |
			grep -v -e 'is starting' -e 'just started' -e 'Configuration loaded' -e 'Server initialized' -e WARNING |
			sed 's/^# //' | tail -n 6
	} | safe
	exit 1
}

tries=300
while :; do
	kill -0 "$server" 2>/dev/null || {
		server=
		failed 'the server does not start with it:'
	}
	if [ -S "$directory/s" ]; then
		[ -n "$client" ] || break
		case $(ask PING) in
		*PONG* | *NOAUTH* | *NOPERM* | *'unknown command'*) break ;;
		esac
	fi
	tries=$((tries - 1))
	[ "$tries" -gt 0 ] || failed 'the server does not answer with it:'
	pause
done
[ -n "$client" ] || exit 0

# Where the file wants a password, that the server started is the proof: it does not with a name that it lacks.
told=$(ask 'CONFIG GET *')
case $told in
'' | NOAUTH* | NOPERM* | ERR* | DENIED*) exit 0 ;;
esac
told=$(
	sed -n 'p;n' <<END | tr '\n' ' '
$told
END
)
lacking=
for name in $(sed -n 's/^[[:space:]]*\([A-Za-z0-9][A-Za-z0-9_-]*\)[[:space:]].*/\1/p' "$file" | tr '[:upper:]' '[:lower:]' | sort -u); do
	case " $untold $told " in
	*" $name "*) continue ;;
	esac
	# Some are told only when they are asked for by their name.
	[ -n "$(ask "CONFIG GET $name")" ] || lacking="$lacking $name"
done
if [ -n "$lacking" ]; then
	echo "the server has no directive of this name:$lacking" >&2
	exit 1
fi
exit 0
