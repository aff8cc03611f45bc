//! The integration suite: one binary, a module per subject.
#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "tests prepare the machine they test on")]

mod accounts;
mod activation;
mod apply;
mod cli;
mod cli_panel;
mod disk;
mod fuzz;
mod generated;
mod groups;
mod guard;
mod host_attacks;
mod host_service;
mod http;
mod install;
mod jobs_again;
mod kill;
mod logs;
mod names;
mod nginx_leave;
mod nginx_machine;
mod nginx_shapes;
mod nginx_shared;
mod nginx_start;
mod nginx_syntax;
mod production;
mod proxy;
mod scale;
mod sites_many;
mod split;
mod state;
mod support;
mod update;
mod watch;
