
	# --- server programs: those that run, then those that are installed ---
	set --
	for pid in $servers; do
		known=
		for file in "$@"; do
			[ "/proc/$pid/exe" -ef "$file" ] && known=yes && break
		done
		[ -z "$known" ] && [ -r "/proc/$pid/exe" ] && set -- "$@" "/proc/$pid/exe"
	done
	IFS=:
	set -f
	for directory in $PATH /usr/libexec/redis /usr/libexec/valkey /opt/redis/bin /opt/valkey/bin \
		/opt/redis-stack/bin /usr/lib/redis/bin /usr/local/redis/bin; do
		for name in redis-server valkey-server; do
			file=$directory/$name
			[ -x "$file" ] && [ -f "$file" ] || continue
			known=
			for other in "$@"; do
				[ "$file" -ef "$other" ] && known=$other && break
			done
			case $known in
			'') set -- "$@" "$file" ;;
			/proc/*)
				# The same file by the name that people would call.
				for other in "$@"; do
					shift
					[ "$other" = "$known" ] && other=$file
					set -- "$@" "$other"
				done
				;;
			esac
		done
	done
	unset IFS
	set +f
	programs=$#
	for file in "$@"; do
		put program "$file"
		put resolved "$(readlink -f "$file")"
		put version "$(limited 5 "$file" --version </dev/null)"
		# The text of the refusal is compiled only into programs that cannot defragment; the name of a directive
		# that every server knows shows that the text would have been found.
		words='Active defragmentation cannot be enabled|active defrag can.t be enabled without proper jemalloc|active-defrag-cycle-min|libjemalloc[.]so[.0-9]*|libtcmalloc[_a-z]*[.]so[.0-9]*'
		if is_busybox grep; then
			texts=$(tr '\000' '\n' <"$file" | grep -oE "$words")
		else
			texts=$(grep -aoE "$words" "$file")
		fi
		put texts "$texts"
		case $texts in
		*active-defrag-cycle-min*) ;;
		*)
			# Not to be read: ask the program's own parser. The last option is wrong in every build, so it ends
			# before it opens anything, and the option that it complains about is the answer.
			put refusal "$(limited 5 "$file" - --activedefrag yes --activedefrag cachesmith-probe </dev/null 2>&1)"
			;;
		esac
	done
	if [ "$programs" -gt 0 ]; then
		if have dpkg-query; then
			put packages "$(limited 5 dpkg-query -W -f '${db:Status-Status} ${Package} ${Version}\n' \
				redis-server redis-tools redis valkey-server valkey-tools valkey)"
		elif have rpm; then
			put packages "$(limited 5 rpm -q --qf 'installed %{NAME} %{EVR}\n' redis valkey redis6 redis7)"
		elif have apk; then
			put packages "$(limited 5 apk list --installed redis valkey)"
		fi
	elif have apt-cache; then
		# Which server a package would bring, and whether it is linked to the system's jemalloc.
		candidates=$(limited 10 apt-cache show --no-all-versions redis-server redis-tools valkey-server valkey-tools)
		[ "$?" -ge 124 ] && miss candidates 'apt-cache did not answer within 10 seconds'
		put candidates "$(grep -E '^(Package|Version|Depends):|^$' <<-EOF
			$candidates
		EOF
		)"
	fi
