# c_is_offered NAME
c_is_offered() {
	case $c_offered in
	*" $1 "*) return 0 ;;
	*) return 1 ;;
	esac
}

# c_apt NAME...: what dpkg knows of them, and what apt could bring. apt reads its whole index for every question, so
# that is asked only of what is not installed or where it is wanted.
c_apt() {
	# shellcheck disable=SC2016 # fields of dpkg-query
	c_installed=$(c_limit 60 dpkg-query -W -f '${db:Status-Abbrev}\t${Package}:${Architecture}\t${Version}\n' "$@" 2>/dev/null)
	c_mark dpkg $?
	printf '%s\n' "$c_installed" >&3
	c_absent=
	for c_word do
		shift
		case $c_word in
		*:*) c_pattern=$c_word ;;
		*) c_pattern=$c_word: ;;
		esac
		case "
$c_installed" in
		*"
"?i?"	$c_pattern"*) c_is_offered "$c_word" || continue ;;
		*) c_absent="$c_absent $c_word" ;;
		esac
		set -- "$@" "$c_word"
	done
	[ $# -gt 0 ] || return 0
	c_mark policy
	c_limit 60 apt-cache policy "$@" >&3 2>/dev/null
	c_mark policy-end $?
	# shellcheck disable=SC2086 # names of packages, in which nothing is special
	set -- $c_absent
	[ $# -gt 0 ] || return 0
	c_mark depends
	c_limit 60 apt-cache depends "$@" >&3 2>/dev/null
	c_mark showpkg
	c_limit 60 apt-cache showpkg "$@" >&3 2>/dev/null
}

# c_rpm NAME...: the same for rpm and dnf.
c_rpm() {
	c_mark rpm
	c_limit 60 rpm -q --qf 'installed\t%{NAME}\t%{ARCH}\t%{EPOCHNUM}:%{VERSION}-%{RELEASE}\n' "$@" >&3 2>/dev/null
	c_mark rpm-end $?
	for c_place in /etc/dnf/plugins/versionlock.list /etc/yum/pluginconf.d/versionlock.list /etc/dnf/versionlock.toml; do
		[ -r "$c_place" ] || continue
		c_mark locked
		while IFS= read -r c_line || [ -n "$c_line" ]; do
			printf '%s\n' "$c_line" >&3
		done <"$c_place"
	done
	c_absent=
	for c_word do
		shift
		if ! rpm -q "$c_word" >/dev/null 2>&1; then
			c_absent="$c_absent $c_word"
		elif ! c_is_offered "$c_word"; then
			continue
		fi
		set -- "$@" "$c_word"
	done
	[ $# -gt 0 ] || return 0
	# What the cache holds. Where it holds nothing of all this (an empty cache is no error to dnf), a fresh one.
	c_cache=--cacheonly
	c_said=$(c_dnf repoquery --qf "$c_available" "$@")
	c_code=$?
	if [ -z "$c_said" ]; then
		c_cache=--quiet
		c_said=$(c_dnf repoquery --qf "$c_available" "$@")
		c_code=$?
	fi
	c_mark repoquery
	printf '%s\n' "$c_said" >&3
	c_mark repoquery-end "$c_code"
	for c_word in $c_absent; do
		c_mark requires "$c_word"
		# The first is how dnf 4 says it, the second dnf 5.
		c_dnf repoquery --latest-limit=1 --requires --resolve --qf '%{name}\n' "$c_word" >&3 ||
			c_dnf repoquery --latest-limit=1 --providers-of=requires --qf '%{name}\n' "$c_word" >&3
		c_mark provides "$c_word"
		c_dnf repoquery --qf '%{name}\n' --whatprovides "$c_word" >&3
	done
}

c_available='available\t%{name}\t%{arch}\t%{epoch}:%{version}-%{release}\n'

c_dnf() {
	c_limit 120 dnf --quiet "$c_cache" "$@" 2>/dev/null
}

# c_packages OFFERED NAME...: of the names in the word OFFERED it is wanted in any case what could be installed.
c_packages() {
	c_offered=" $1 "
	shift
	if c_have dpkg-query && c_have apt-cache; then
		c_apt "$@"
	elif c_have rpm && c_have dnf; then
		c_rpm "$@"
	else
		c_mark no-packages
	fi
}
