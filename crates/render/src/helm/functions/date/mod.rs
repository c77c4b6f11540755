//! Times: sprig's functions and Go's `time.Time`.

mod civil;
mod duration;
mod format;
mod layout;
mod parse;
mod time;
mod zone;

#[cfg(test)]
mod tests;

use super::arguments::text;
use super::{Context, Function, Takes};
use crate::helm::fault::{Answer, Fault};
use crate::helm::value::{IntKind, Value};

use duration::{NANOS, parse_duration, print_duration};
use time::Time;
use zone::Zone;

use Takes::{Any as Anything, Text};

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new("now", &[], |context, _| Ok(Value::object(Time::of_unix(context.now()?)))),
    Function::new("date", &[Text, Anything], |context, a| shown(&time_or_now(context, a, 1)?, a, 0)).heavy(24),
    Function::new("dateInZone", &[Text, Anything, Text], date_in_zone).heavy(24),
    Function::new("date_in_zone", &[Text, Anything, Text], date_in_zone).heavy(24),
    Function::new("htmlDate", &[Anything], |context, a| {
        context.charge(DAY.len())?;
        Ok(time_or_now(context, a, 0)?.in_utc().format(DAY).into())
    }),
    Function::new("htmlDateInZone", &[Anything, Text], |context, a| {
        let time = time_or_now(context, a, 0)?;
        Ok(in_zone(context, &time, &text(a, 1)?.text())?.format(DAY).into())
    }),
    Function::new("unixEpoch", &[Anything], |_, a| Ok(time(a, 0)?.seconds.to_string().into())),
    Function::new("dateModify", &[Text, Anything], modify),
    Function::new("date_modify", &[Text, Anything], modify),
    Function::new("mustDateModify", &[Text, Anything], must_modify),
    Function::new("must_date_modify", &[Text, Anything], must_modify),
    Function::new("toDate", &[Text, Text], |_, a| {
        Ok(Value::object(parse::parse(&text(a, 0)?.text(), &text(a, 1)?.text()).unwrap_or_else(|_| Time::zero())))
    })
    .heavy(24),
    Function::new("mustToDate", &[Text, Text], |_, a| {
        let time = parse::parse(&text(a, 0)?.text(), &text(a, 1)?.text());
        Ok(Value::object(time.map_err(Fault::Failed)?))
    })
    .heavy(24),
    Function::new("ago", &[Anything], ago),
    Function::new("duration", &[Anything], duration),
    Function::new("durationRound", &[Anything], duration_round),
];

/// Steps of looking a zone up and reading its rules.
const ZONE_STEPS: usize = 200;

/// The layout that HTML's date inputs take.
const DAY: &str = "2006-01-02";

/// An argument that Go's type system wants to be a time.
fn time(a: &[Value], at: usize) -> Answer<&Time> {
    match a.get(at) {
        None | Some(Value::Nil) => Err(Fault::failed("invalid value; expected time.Time")),
        Some(value) => value.downcast::<Time>().ok_or_else(|| {
            Fault::Failed(format!("wrong type for value; expected time.Time; got {}", value.type_name()))
        }),
    }
}

/// The time that an argument stands for; anything that is no time is now, as in sprig.
fn time_or_now(context: &Context, a: &[Value], at: usize) -> Answer<Time> {
    match a.get(at) {
        Some(Value::Int(seconds, IntKind::Int | IntKind::Int64 | IntKind::Int32)) => Ok(Time::of_unix(*seconds)),
        Some(value) => match value.downcast::<Time>() {
            Some(time) => Ok(time.clone()),
            None => Ok(Time::of_unix(context.now()?)),
        },
        None => Ok(Time::of_unix(context.now()?)),
    }
}

/// In the zone of this machine, which is UTC.
fn shown(time: &Time, a: &[Value], layout: usize) -> Answer<Value> {
    Ok(time.in_utc().format(&text(a, layout)?.text()).into())
}

fn date_in_zone(context: &mut Context, a: &[Value]) -> Answer<Value> {
    let time = time_or_now(context, a, 1)?;
    Ok(in_zone(context, &time, &text(a, 2)?.text())?.format(&text(a, 0)?.text()).into())
}

/// A zone that nobody knows is UTC, as in sprig.
fn in_zone(context: &mut Context, time: &Time, zone: &str) -> Answer<Time> {
    context.charge(ZONE_STEPS)?;
    Ok(Time { zone: Zone::load(zone).unwrap_or(Zone::Utc), ..time.clone() })
}

fn modify(_: &mut Context, a: &[Value]) -> Answer<Value> {
    let before = time(a, 1)?;
    let by = parse_duration(&text(a, 0)?.text());
    Ok(Value::object(by.and_then(|by| before.shifted(by)).unwrap_or_else(|| before.clone())))
}

fn must_modify(_: &mut Context, a: &[Value]) -> Answer<Value> {
    let (before, by) = (time(a, 1)?, text(a, 0)?.text());
    let invalid = || Fault::failed(format!("time: invalid duration {by:?}"));
    let nanos = parse_duration(&by).ok_or_else(invalid)?;
    Ok(Value::object(before.shifted(nanos).ok_or_else(invalid)?))
}

/// Nanoseconds from a time to the time of this render.
fn age(context: &Context, time: &Time) -> Answer<i128> {
    Ok(i128::from(context.now()?) * NANOS - time.nanos_since_1970())
}

fn ago(context: &mut Context, a: &[Value]) -> Answer<Value> {
    let time = match a.first() {
        // Unlike elsewhere, only one kind of number is a time.
        Some(Value::Int(_, kind)) if *kind != IntKind::Int64 => Time::of_unix(context.now()?),
        _ => time_or_now(context, a, 0)?,
    };
    let past = age(context, &time)?;
    let seconds = (past + (NANOS / 2) * past.signum()) / NANOS;
    Ok(print_duration(seconds * NANOS).into())
}

fn duration(_: &mut Context, a: &[Value]) -> Answer<Value> {
    let seconds = match a.first() {
        Some(Value::Str(text)) => text.text().parse::<i64>().unwrap_or(0),
        Some(Value::Int(seconds, IntKind::Int64)) => *seconds,
        _ => 0,
    };
    Ok(print_duration(i128::from(seconds) * NANOS).into())
}

fn duration_round(context: &mut Context, a: &[Value]) -> Answer<Value> {
    let nanos = match a.first() {
        Some(Value::Str(text)) => parse_duration(&text.text()).unwrap_or(0),
        Some(Value::Int(nanos, IntKind::Int64)) => i128::from(*nanos),
        Some(value) => match value.downcast::<Time>() {
            Some(time) => age(context, time)?,
            None => 0,
        },
        None => 0,
    };
    let hours = 3600 * NANOS;
    let units = [
        (hours * 24 * 365, "y"),
        (hours * 24 * 30, "mo"),
        (hours * 24, "d"),
        (hours, "h"),
        (60 * NANOS, "m"),
        (NANOS, "s"),
    ];
    let magnitude = nanos.abs();
    let found = units.iter().find(|(unit, _)| magnitude > *unit);
    let sign = if nanos < 0 { "-" } else { "" };
    Ok(found.map_or_else(|| "0s".to_owned(), |(unit, name)| format!("{sign}{}{name}", magnitude / unit)).into())
}
