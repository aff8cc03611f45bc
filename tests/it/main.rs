//! Runs the integration suite.
