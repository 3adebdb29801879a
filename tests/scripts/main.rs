#[cfg(test)]
mod cleanup;
#[cfg(test)]
mod cut;
#[cfg(test)]
mod everything;
#[cfg(test)]
mod files;
#[cfg(test)]
mod guard;
#[cfg(test)]
mod guards;
#[cfg(test)]
mod host;
#[cfg(test)]
mod kernel;
mod leases;
#[cfg(test)]
mod left_behind;
#[cfg(test)]
mod minimal;
#[cfg(test)]
mod names;
#[cfg(test)]
mod notes;
#[cfg(test)]
mod paths;
#[cfg(test)]
mod processes;
#[cfg(test)]
mod programs;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod recorded;
#[cfg(test)]
mod redis_set;
#[cfg(test)]
mod servers;
#[cfg(test)]
mod services;
#[cfg(test)]
mod shellcheck;
#[cfg(test)]
mod together;
#[cfg(test)]
mod write;
