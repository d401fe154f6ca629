//! The local page: what it shows, what it does, and who may use it.

mod driver;
mod export;
mod http;
mod real;
mod safe;
mod served;
mod shows;
