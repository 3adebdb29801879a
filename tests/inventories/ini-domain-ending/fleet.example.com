[caches]
c1
