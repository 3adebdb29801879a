	put clock "$(date '+%s %z %Z')"

