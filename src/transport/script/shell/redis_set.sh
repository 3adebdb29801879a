# Running servers are changed here. c_server and c_guarded_server are the client at the address of the step and of its
# guard. What is set may be secret: it goes by inputs and by words of the shell, never by arguments of a program.

# c_guard_config EXPECTED: the input asks CONFIG GET for directives.
c_guard_config() {
	if ! c_redis_client; then
		c_fail 'there is no redis-cli or valkey-cli on the host'
		return 1
	fi
	c_said=$(c_guarded_server 2>/dev/null)
	[ "$c_said" = "$1" ] && return 0
	if [ -z "$c_said" ]; then
		c_moved 'the server does not answer as it did when it was looked at'
	else
		c_moved "the server's configuration has changed since it was looked at"
	fi
}

# The client's code is 0 whatever the server answers: only an OK counts. SECRET is yes where the server's words about
# a value may repeat it.
c_config_refused() {
	if [ "$2" = yes ] && [ -n "$c_said" ]; then
		c_said='its words are left out, for they may hold a secret'
	fi
	c_fail "$1: ${c_said:-the server does not answer}"
}

# c_config_set SECRET: the input is one command, of which the server carries out all or nothing.
c_config_set() {
	if ! c_redis_client; then
		c_fail 'there is no redis-cli or valkey-cli on the host'
		return 1
	fi
	c_said=$(c_server 2>/dev/null)
	[ "$c_said" = OK ] || c_config_refused 'CONFIG SET' "$1"
}

# c_config_set_each: the input has four lines for each directive: its name, whether it is secret, the command that
# sets it, the one that puts it back. Where one fails, those before it are put back, the last one first.
c_config_set_each() {
	if ! c_redis_client; then
		c_fail 'there is no redis-cli or valkey-cli on the host'
		return 1
	fi
	c_back=''
	while IFS= read -r c_name && IFS= read -r c_hidden && IFS= read -r c_command && IFS= read -r c_inverse; do
		c_said=$(printf '%s\n' "$c_command" | c_server 2>/dev/null)
		if [ "$c_said" != OK ]; then
			c_config_refused "CONFIG SET $c_name" "$c_hidden"
			[ -n "$c_back" ] || return 1
			c_said=$(printf '%s' "$c_back" | c_server 2>/dev/null)
			case $c_said in
			*[!OK[:space:]]* | '') c_error="$c_error; what was set before it could not all be put back" ;;
			*) c_error="$c_error; what was set before it is as it was" ;;
			esac
			return 1
		fi
		c_back="$c_inverse
$c_back"
	done
	:
}
