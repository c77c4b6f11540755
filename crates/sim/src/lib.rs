//! A simulated fleet with seeded faults and virtual time.
