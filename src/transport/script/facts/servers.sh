
	# --- units that run servers: names found on disk, and what systemd holds in memory ---
	units=
	add_unit() {
		case $1 in *sentinel* | *exporter* | *@.service) return ;; esac
		case " $units " in *" $1 "*) ;; *) units="$units $1" ;; esac
	}
	shown=
	if [ -d /run/systemd/system ] && have systemctl; then
		for file in /etc/systemd/system/redis*.service /etc/systemd/system/valkey*.service \
			/etc/systemd/system/*.wants/redis*@*.service /etc/systemd/system/*.wants/valkey*@*.service \
			/run/systemd/system/redis*.service /run/systemd/system/valkey*.service \
			/usr/local/lib/systemd/system/redis*.service /usr/local/lib/systemd/system/valkey*.service \
			/usr/lib/systemd/system/redis*.service /usr/lib/systemd/system/valkey*.service \
			/lib/systemd/system/redis*.service /lib/systemd/system/valkey*.service; do
			[ -e "$file" ] && add_unit "${file##*/}"
		done
		# Units of the administrator's own may have any name.
		for file in $(grep -lsE '^[[:space:]]*ExecStart=.*(redis|valkey)-server' /dev/null \
			/etc/systemd/system/*.service /run/systemd/system/*.service); do
			add_unit "${file##*/}"
		done
		for pid in $servers; do
			while IFS=: read -r number controllers group; do
				case $group in *.service) add_unit "${group##*/}" ;; esac
			done <"/proc/$pid/cgroup"
		done
		if [ -n "$units" ]; then
			set -f
			shown=$(limited 5 systemctl show --no-pager -p Id,LoadState,ActiveState,UnitFileState,MainPID \
				-p ExecStart,User,MemoryMax,MemoryHigh,MemoryLimit \
				-- $units 'redis*@*.service' 'valkey*@*.service')
			[ "$?" -ge 124 ] && miss units 'systemctl did not answer within 5 seconds'
			set +f
			put units "$shown"
		fi
	fi

	# --- configuration files: which, and the few words of them that say where a server listens ---
	set --
	set -f
	while read -r line; do
		case $line in
		ExecStart=*argv\[\]=*)
			line=${line#*argv\[\]=}
			count=0
			for word in ${line%% ; *}; do
				count=$((count + 1))
				[ "$count" = 2 ] && case $word in /*) set -- "$@" "$word" ;; esac
			done
			;;
		esac
	done <<-EOF
		$shown
	EOF
	set +f
	if [ "$#" -eq 0 ]; then
		for file in /etc/redis/redis.conf /etc/redis.conf /etc/valkey/valkey.conf /etc/valkey.conf; do
			[ -e "$file" ] && set -- "$@" "$file"
		done
	fi
	for file in "$@"; do
		[ -r "$file" ] || miss "configuration $file" 'it cannot be read by this user'
	done
	# Of a key the path; its pass phrase (tls-key-file-pass) has no business here.
	words='^[[:space:]]*"?(port|tls-(port|auth-clients|ca-cert-file|ca-cert-dir|(client-)?(cert|key)-file)|bind|unixsocket|include)"?[[:space:]]'
	configuration=
	if [ "$#" -gt 0 ]; then
		configuration=$(grep -siE "$words" /dev/null "$@")
		put configuration "$configuration"
		all=$configuration
		while IFS= read -r line; do
			file=${line%%:*}
			count=0
			set --
			for word in ${line#*:}; do
				count=$((count + 1))
				word=${word#[\"\']}
				word=${word%[\"\']}
				case $count$word in
				1[Ii][Nn][Cc][Ll][Uu][Dd][Ee]) ;;
				1*) break ;;
				*)
					# A pattern, if it is one.
					for included in $word; do
						[ -f "$included" ] && set -- "$@" "$included"
					done
					;;
				esac
			done
			if [ "$#" -gt 0 ]; then
				included=$(grep -shiE "$words" "$@")
				put "included $file" "$included"
				while read -r line; do
					all="$all$newline$file:$line"
				done <<-END
					$included
				END
			fi
		done <<-EOF
			$configuration
		EOF
		configuration=$all
	fi
