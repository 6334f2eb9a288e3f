//! The contract that every lab keeps: one table of tests over all labs of the catalogue and the smallest experiment of each.
//!
//! A lab is named in one line below; a test of that list fails for a lab that the catalogue has and the list has not. A test is one
//! function of the lab's name and one line in the table. Both are called `LAB::TEST` in reports. What the tests need of the
//! engine's interface stands in `kit` alone.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, in its helpers too")]
#![expect(clippy::print_stdout, reason = "how much was tried is a figure of its own")]

mod bits;
mod broken;
mod catalogue;
mod experiments;
mod fixtures;
mod forked;
mod kit;
mod results;
mod runs;
mod settings;
mod shown;
mod storage;
mod taken;
mod walk;
mod window;
mod words;

/// The table: what every lab keeps.
macro_rules! table {
    ($lab:ident) => {
        table! { $lab:
            bits::the_same_bits_on_one_thread_and_on_two
            bits::another_seed_gives_other_bits
            bits::looking_and_clicking_change_no_number
            broken::pausing_and_stepping_change_no_number
            broken::a_cancelled_run_goes_on_to_the_same_end
            forked::a_fork_with_nothing_changed_ends_as_its_parent
            forked::keys_that_a_fork_may_change_are_settings
            shown::every_view_finds_the_channels_that_it_names
            shown::every_view_has_something_to_draw
            shown::every_view_is_written_in_every_format
            shown::what_a_button_asks_to_be_run_next_can_run
            window::every_view_is_seen_in_the_dark_theme
            window::every_view_is_seen_in_the_light_theme
            walk::the_whole_window_can_be_reached_in_the_dark_theme
            walk::the_whole_window_can_be_reached_in_the_light_theme
            words::every_channel_has_a_label_and_a_sentence
            words::every_control_and_button_has_a_label_and_a_sentence
            words::every_result_has_a_label_and_a_sentence
            words::the_lab_and_its_products_say_what_they_are
            words::every_view_says_how_to_read_it
            words::views_and_controls_fit_together
            results::headlines_are_results_of_a_run
            results::reference_rows_name_results_of_a_run
            settings::every_setting_has_a_label_and_a_sentence
            settings::every_setting_survives_the_file
            settings::the_data_of_the_defaults_can_be_used
            settings::a_missing_file_is_said_before_a_run_and_not_while_one_types
            settings::the_short_experiments_are_valid
            settings::the_presets_are_valid
            storage::every_state_of_a_crash_is_recovered
            storage::crash_upon_crash_loses_nothing
            storage::a_call_that_fails_loses_nothing
            taken::products_are_made_and_open_again
            taken::levels_open_again
            taken::predictions_are_made_for_new_rows
            fixtures::figures_are_those_of_the_fixtures
        }
    };
    ($lab:ident: $($concern:ident::$test:ident)+) => {
        mod $lab {
            $(#[test]
            fn $test() {
                crate::$concern::$test(stringify!($lab));
            })+
        }
    };
}

macro_rules! labs {
    ($($lab:ident)+) => {
        /// The labs that the table is applied to.
        const LABS: &[&str] = &[$(stringify!($lab)),+];
        $(table!($lab);)+
    };
}

labs! {
    oscillation
    phases
    quantiles
    compander
    entangled_search
    weight_generation
    block_affine
    inspect
    gallery
    minimal
}

#[test]
fn every_lab_of_the_catalogue_is_in_the_table() {
    let program: Vec<&str> = LABS.iter().copied().filter(|lab| !kit::GUESTS.contains(lab)).collect();
    assert_eq!(program, kit::names(), "labs of the table, and labs of the catalogue");
    assert_eq!(LABS, kit::all_names(), "labs of the table, and labs of the suite");
}
