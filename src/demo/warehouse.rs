//! The shop's warehouse at work: its people pack what was released. They tell the shop by themselves (P46), or write down what
//! they did and wait until its program asks (P45).
//!
//! It is the example that merchants are shown. What it tells, it tells by `shop notify`; since the clock of the play is not
//! the machine's, a script in the place of the program makes a row of that, which the shop follows at once.

use std::path::Path;
use std::process::Command;

use super::scenes::{collected, known};
use super::{DemoError, Stage, party};
use crate::clerk::{Came, Reporting, Sort};
use crate::feed::{Map, Reading};
use crate::rules::Standing;
use crate::trade::{Key, Role};

/// The example, and what it has in stock.
const WAREHOUSE: &str = include_str!("../../examples/warehouse/warehouse");
const STOCK: &str = "SH-41 12\nTEA-200 40\nKETTLE 3\n";

/// What stands for the program where the warehouse tells: -c CONFIG shop notify NUMBER --shipped WHEN --tracking TRACKING.
const TELLS: &str = r#"#!/bin/sh
# In the place of mailorder, as long as the demonstration is played by a clock of its own: a row of `shop notify --from`.
printf '{"txn": "%s", "shipped": "%s", "tracking": "%s"}\n' "$5" "$7" "$9" >>told.jsonl
"#;

/// Builds the shop's warehouse in its folder.
pub(super) fn build(folder: &Path) -> Result<(), DemoError> {
    program(&folder.join("warehouse"), WAREHOUSE)?;
    program(&folder.join("tells"), TELLS)?;
    party::write(&folder.join("store/stock"), STOCK)
}

fn program(file: &Path, text: &str) -> Result<(), DemoError> {
    use std::os::unix::fs::PermissionsExt;
    party::write(file, text)?;
    let executable = std::fs::Permissions::from_mode(0o700);
    std::fs::set_permissions(file, executable).map_err(|cause| DemoError::Io { file: file.to_owned(), cause })
}

/// The goods of an order leave the warehouse on this day; its people write that down, and the shop hears of it when it asks.
pub(super) fn packs(stage: &mut Stage, key: &Key, day: i64) -> Result<(), DemoError> {
    pack(stage, key, day, false)?;
    stage.settle()?;
    has_left(stage, key)?;
    collected(stage, key)
}

/// The same, and the warehouse tells the shop by itself.
pub(super) fn packs_and_tells(stage: &mut Stage, key: &Key, day: i64) -> Result<(), DemoError> {
    pack(stage, key, day, true)?;
    follow(stage)?;
    has_left(stage, key)?;
    collected(stage, key)
}

/// Fails unless the buyer was told that the goods have left.
fn has_left(stage: &Stage, key: &Key) -> Result<(), DemoError> {
    let told = Standing::of(&known(stage, key)?).legs.order.done.is_some();
    if told { Ok(()) } else { Err(DemoError::Plot(format!("the buyer of {} was not told that it has left", key.id))) }
}

fn pack(stage: &Stage, key: &Key, day: i64, tells: bool) -> Result<(), DemoError> {
    stage.at(day, 17);
    let number = known(stage, key)?.number.map(|number| number.to_string()).unwrap_or_default();
    let config = &stage.shop.clerk.settings().folders.config;
    let folder = config.parent().unwrap_or(config);
    let mut command = Command::new(folder.join("warehouse"));
    let tracking = format!("EP-{}", key.id.as_str().get(..6).unwrap_or("0"));
    command.args(["store", "pack", &number, &tracking]).current_dir(folder);
    command.env("MAILORDER_TIME", stage.clock.now().to_string()).env_remove("MAILORDER_CONFIG");
    if tells {
        command.env("MAILORDER_CONFIG", config).env("MAILORDER", "./tells");
    }
    let ended = command.output().map_err(|cause| DemoError::Io { file: folder.join("warehouse"), cause })?;
    let why = || format!("the warehouse: {}", String::from_utf8_lossy(&ended.stderr));
    if ended.status.success() { Ok(()) } else { Err(DemoError::Plot(why())) }
}

/// Follows the rows that the warehouse has told.
fn follow(stage: &mut Stage) -> Result<(), DemoError> {
    let plot = |error: &dyn std::fmt::Display| DemoError::Plot(error.to_string());
    let file = stage.shop.clerk.settings().folders.config.with_file_name("told.jsonl");
    let told = std::fs::read(&file).map_err(|cause| DemoError::Io { file: file.clone(), cause })?;
    let map = Map::named("plain", Role::Shop).ok_or_else(|| plot(&"there is no plain map"))?;
    let mut rows = Reading::open(told.as_slice(), None, None, map, Role::Shop).map_err(|error| plot(&error))?;
    let mut reports = Vec::new();
    while let Some(row) = rows.next_row().map_err(|error| plot(&error))? {
        reports.extend(row.report.map_err(|what| plot(&what))?);
    }
    let how = Reporting { role: Role::Shop, sort: Sort::Events };
    for came in stage.shop.clerk.report(how, &reports)? {
        if let Came::Refused(why) = came {
            return Err(DemoError::Plot(why));
        }
    }
    stage.settle()
}
