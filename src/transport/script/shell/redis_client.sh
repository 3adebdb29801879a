# Finds the client program, or says that there is none.
c_redis_client() {
	c_client=
	for c_word in redis-cli valkey-cli; do
		[ -n "$c_client" ] || ! c_have "$c_word" || c_client=$c_word
	done
	[ -n "$c_client" ]
}

# c_redis_speak SECRET ARGUMENT...: the client reads commands from its input; the secret goes by the environment.
# For a subshell: it leaves the secret exported.
c_redis_speak() {
	c_secret=$1
	shift
	if [ -n "$c_secret" ]; then
		REDISCLI_AUTH=$c_secret
		export REDISCLI_AUTH
	else
		unset REDISCLI_AUTH VALKEYCLI_AUTH
	fi
	c_limit 15 "$c_client" --no-auth-warning "$@"
}
