//! Loads, decides, appends and performs: drives rollouts with the drivers.
