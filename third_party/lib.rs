// Cargo wants a target; the crates of Cargo.toml are used for their C sources only.
