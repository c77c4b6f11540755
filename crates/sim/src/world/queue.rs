//! What is to happen when: a queue under virtual time, first come first served within one millisecond.

use std::{cmp::Reverse, collections::BinaryHeap};

use seaway_core::{
    execution::{Command, Input},
    ids::{Principal, ServiceName, StepId, TargetName},
};

/// Something that is to happen.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Item {
    /// A rollout is started.
    Start { rollout: usize },
    /// A process tries to take a rollout's lease.
    Lead { rollout: usize },
    /// An attempt wants to go on.
    Poll { process: usize, step: StepId, attempt: u32, work: u64 },
    /// An answer arrives.
    Deliver { process: usize, input: Input },
    /// A process reads its inbox.
    Wake { process: usize },
    /// A process's timer is over.
    Timer { process: usize, armed: u64 },
    /// A process looks whether others appended.
    Look { process: usize },
    /// A process that was frozen goes on.
    Thaw { process: usize },
    /// A process renews its lease after it was frozen.
    Renew { process: usize },
    /// The process that drives a rollout stops for a while without noticing.
    Freeze { rollout: usize, for_ms: i64 },
    /// The process that drives a rollout is ended by its user.
    Leave { rollout: usize },
    /// A person does something.
    Person { rollout: usize, who: Principal, command: Command },
    /// Other hands change a service.
    Drift { target: TargetName, service: ServiceName },
    /// All trouble ends.
    Heal,
    /// Somebody looks after what waits for people.
    Help { round: u32 },
}

#[derive(Default)]
pub(super) struct Queue {
    heap: BinaryHeap<Reverse<Slot>>,
    count: u64,
}

struct Slot {
    at_ms: i64,
    count: u64,
    item: Item,
}

impl Queue {
    pub fn push(&mut self, at_ms: i64, item: Item) {
        self.count += 1;
        self.heap.push(Reverse(Slot { at_ms, count: self.count, item }));
    }

    pub fn pop(&mut self) -> Option<(i64, Item)> {
        self.heap.pop().map(|Reverse(slot)| (slot.at_ms, slot.item))
    }
}

impl PartialEq for Slot {
    fn eq(&self, other: &Self) -> bool {
        self.count == other.count
    }
}

impl Eq for Slot {}

impl PartialOrd for Slot {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Slot {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at_ms, self.count).cmp(&(other.at_ms, other.count))
    }
}
