//! Numbers: sprig's integer arithmetic (always `int64`), decimal arithmetic and rounding.

use super::arguments::{float_of, int, int_of};
use super::{Context, Function, Takes};
use crate::helm::fault::{Answer, Fault};
use crate::helm::value::{LIST_ITEMS_MAX, List, ListKind, Value, Writer, too_many_items};

use Takes::{Any, Float, Int};

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new("add1", &[Any], |_, a| Ok(Value::int64(int_of(&a[0]).wrapping_add(1)))),
    Function::new("add", &[], |_, a| Ok(Value::int64(a.iter().map(int_of).fold(0, i64::wrapping_add)))).and_more(Any),
    Function::new("sub", &[Any, Any], |_, a| Ok(Value::int64(int_of(&a[0]).wrapping_sub(int_of(&a[1]))))),
    Function::new("mul", &[Any], |_, a| Ok(Value::int64(a.iter().map(int_of).fold(1, i64::wrapping_mul))))
        .and_more(Any),
    Function::new("div", &[Any, Any], |_, a| divided(a, i64::wrapping_div)),
    Function::new("mod", &[Any, Any], |_, a| divided(a, i64::wrapping_rem)),
    Function::new("max", &[Any], |_, a| Ok(Value::int64(a.iter().map(int_of).max().unwrap_or(0)))).and_more(Any),
    Function::new("biggest", &[Any], |_, a| Ok(Value::int64(a.iter().map(int_of).max().unwrap_or(0)))).and_more(Any),
    Function::new("min", &[Any], |_, a| Ok(Value::int64(a.iter().map(int_of).min().unwrap_or(0)))).and_more(Any),
    Function::new("maxf", &[Any], |_, a| Ok(extreme(a, |left, right| left > right).into())).and_more(Any),
    Function::new("minf", &[Any], |_, a| Ok(extreme(a, |left, right| left < right).into())).and_more(Any),
    Function::new("add1f", &[Any], |c, a| {
        Ok(decimal::fold(c, float_of(&a[0]), &[Value::int(1)], &decimal::ADD)?.into())
    }),
    Function::new("addf", &[], |c, a| Ok(decimal::fold(c, 0.0, a, &decimal::ADD)?.into())).and_more(Any),
    Function::new("subf", &[Any], |c, a| Ok(decimal::fold(c, float_of(&a[0]), &a[1..], &decimal::SUB)?.into()))
        .and_more(Any),
    Function::new("mulf", &[Any], |c, a| Ok(decimal::fold(c, float_of(&a[0]), &a[1..], &decimal::MUL)?.into()))
        .and_more(Any),
    Function::new("divf", &[Any], |c, a| Ok(decimal::fold(c, float_of(&a[0]), &a[1..], &decimal::DIV)?.into()))
        .and_more(Any),
    Function::new("ceil", &[Any], |_, a| Ok(float_of(&a[0]).ceil().into())),
    Function::new("floor", &[Any], |_, a| Ok(float_of(&a[0]).floor().into())),
    Function::new("round", &[Any, Int], round).and_more(Float),
    Function::new("until", &[Int], until),
    Function::new("untilStep", &[Int, Int, Int], |context, a| {
        Ok(ints(steps(context, int(a, 0)?, int(a, 1)?, int(a, 2)?)?))
    }),
    Function::new("seq", &[], seq).and_more(Int),
];

fn divided(a: &[Value], operation: fn(i64, i64) -> i64) -> Answer<Value> {
    match int_of(&a[1]) {
        0 => Err(Fault::failed("runtime error: integer divide by zero")),
        divisor => Ok(Value::int64(operation(int_of(&a[0]), divisor))),
    }
}

fn extreme(a: &[Value], is_better: fn(f64, f64) -> bool) -> f64 {
    let numbers = a.iter().map(float_of);
    numbers.reduce(|best, next| if next.is_nan() || is_better(next, best) { next } else { best }).unwrap_or(0.0)
}

fn round(_: &mut Context, a: &[Value]) -> Answer<Value> {
    let up_from = a.get(2).map_or(0.5, float_of);
    let places = int(a, 1)?.clamp(-400, 400);
    let power: f64 = format!("1e{places}").parse().unwrap_or(1.0);
    let digits = power * float_of(&a[0]);
    let rounded = if digits.fract() >= up_from { digits.ceil() } else { digits.floor() };
    Ok((rounded / power).into())
}

fn until(context: &mut Context, a: &[Value]) -> Answer<Value> {
    let count = int(a, 0)?;
    Ok(ints(steps(context, 0, count, if count < 0 { -1 } else { 1 })?))
}

fn ints(numbers: Vec<i64>) -> Value {
    List::of(ListKind::Int, numbers.into_iter().map(Value::int).collect()).into()
}

/// The numbers from `start` up or down to, and without, `stop`.
fn steps(context: &mut Context, start: i64, stop: i64, step: i64) -> Answer<Vec<i64>> {
    let is_empty = if stop < start { step >= 0 } else { step <= 0 };
    if is_empty {
        return Ok(Vec::new());
    }
    let distance = start.abs_diff(stop);
    let count = distance.div_ceil(step.unsigned_abs());
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    if count > LIST_ITEMS_MAX {
        return Err(too_many_items());
    }
    context.charge(count / 4)?;
    let mut numbers = Vec::with_capacity(count);
    let mut at = start;
    for _ in 0..count {
        numbers.push(at);
        at = at.wrapping_add(step);
    }
    Ok(numbers)
}

fn seq(context: &mut Context, a: &[Value]) -> Answer<Value> {
    let direction = |start: i64, end: i64| if end < start { -1 } else { 1 };
    let (start, end, step, increment) = match *a {
        [_] => {
            let end = int(a, 0)?;
            (1, end, direction(1, end), direction(1, end))
        }
        [_, _] => {
            let (start, end) = (int(a, 0)?, int(a, 1)?);
            (start, end, direction(start, end), direction(start, end))
        }
        [_, _, _] => {
            let (start, step, end) = (int(a, 0)?, int(a, 1)?, int(a, 2)?);
            if end < start && step > 0 {
                return Ok("".into());
            }
            (start, end, step, direction(start, end))
        }
        _ => return Ok("".into()),
    };
    let numbers = steps(context, start, end.wrapping_add(increment), step)?;
    context.charge(numbers.len() / 2)?;
    let mut out = Writer::with_capacity(numbers.len() * 4);
    for (at, number) in numbers.iter().enumerate() {
        if at > 0 {
            out.push(" ")?;
        }
        out.show(number)?;
    }
    Ok(out.finish().into())
}

/// Decimal arithmetic on the shortest decimal forms of floats: `addf 0.1 0.2` is 0.3.
mod decimal {
    use super::super::{Context, arguments::float_of};
    use crate::helm::fault::{Answer, Fault};
    use crate::helm::value::Value;

    /// Digits after the point of a quotient.
    const QUOTIENT_DIGITS: i32 = 16;

    /// `digits` × 10^`exponent`
    #[derive(Clone, Copy)]
    struct Decimal {
        digits: i128,
        exponent: i32,
    }

    /// What two numbers give, exactly and with floats. The exact way is left where digits would not fit.
    pub(super) struct Operation {
        exact: fn(Decimal, Decimal) -> Option<Decimal>,
        rough: fn(f64, f64) -> f64,
    }

    pub(super) const ADD: Operation = Operation { exact: exact_add, rough: |left, right| left + right };
    pub(super) const SUB: Operation =
        Operation { exact: |left, right| exact_add(left, negated(right)?), rough: |left, right| left - right };
    pub(super) const MUL: Operation = Operation { exact: exact_mul, rough: |left, right| left * right };
    pub(super) const DIV: Operation = Operation { exact: exact_div, rough: |left, right| left / right };

    /// Work of an operation: numbers go through their texts.
    const STEPS: usize = 20;

    pub(super) fn fold(context: &mut Context, start: f64, others: &[Value], operation: &Operation) -> Answer<f64> {
        context.charge(STEPS * (1 + others.len()))?;
        let mut rough = start;
        let mut exact = read(start);
        for other in others.iter().map(float_of) {
            if other == 0.0 && (operation.rough)(1.0, other).is_infinite() {
                return Err(Fault::failed("decimal division by 0"));
            }
            rough = (operation.rough)(exact.map_or(rough, Decimal::float), other);
            exact = match (exact, read(other)) {
                (Some(left), Some(right)) => (operation.exact)(left, right),
                _ => None,
            };
        }
        Ok(exact.map_or(rough, Decimal::float))
    }

    fn read(number: f64) -> Option<Decimal> {
        if !number.is_finite() {
            return None;
        }
        let text = format!("{number:e}");
        let (mantissa, exponent) = text.split_once('e')?;
        let decimals = mantissa.split_once('.').map_or(0, |(_, fraction)| fraction.len());
        let digits = mantissa.replace('.', "").parse().ok()?;
        let exponent = exponent.parse::<i32>().ok()? - i32::try_from(decimals).ok()?;
        Some(Decimal { digits, exponent })
    }

    fn power(exponent: i32) -> Option<i128> {
        10_i128.checked_pow(u32::try_from(exponent).ok()?)
    }

    fn negated(number: Decimal) -> Option<Decimal> {
        Some(Decimal { digits: number.digits.checked_neg()?, ..number })
    }

    fn exact_add(left: Decimal, right: Decimal) -> Option<Decimal> {
        let exponent = left.exponent.min(right.exponent);
        let digits = |number: Decimal| number.digits.checked_mul(power(number.exponent - exponent)?);
        Some(Decimal { digits: digits(left)?.checked_add(digits(right)?)?, exponent })
    }

    fn exact_mul(left: Decimal, right: Decimal) -> Option<Decimal> {
        let digits = left.digits.checked_mul(right.digits)?;
        Some(Decimal { digits, exponent: left.exponent + right.exponent })
    }

    fn exact_div(left: Decimal, right: Decimal) -> Option<Decimal> {
        let shift = left.exponent - right.exponent + QUOTIENT_DIGITS;
        let (dividend, divisor) = if shift >= 0 {
            (left.digits.checked_mul(power(shift)?)?, right.digits)
        } else {
            (left.digits, right.digits.checked_mul(power(-shift)?)?)
        };
        let quotient = dividend.checked_div(divisor)?;
        let remainder = dividend.checked_rem(divisor)?.unsigned_abs();
        let rounds = remainder.checked_mul(2)? >= divisor.unsigned_abs();
        let away = if (dividend < 0) == (divisor < 0) { 1 } else { -1 };
        let digits = if rounds { quotient.checked_add(away)? } else { quotient };
        Some(Decimal { digits, exponent: -QUOTIENT_DIGITS })
    }

    impl Decimal {
        fn float(self) -> f64 {
            format!("{}e{}", self.digits, self.exponent).parse().unwrap_or(0.0)
        }
    }
}
