"""What is tried to get in, and what the drivers do to us: each attack and each trap, and the tests
that fail without the defence. test_catalogue.py holds the names against the tests there are."""

ATTACKS = {
    "A1 somebody else's things, by their ids": [
        "security/test_matrix.py",
        "api/test_access.py::test_every_verb_of_every_route_is_in_the_table",
    ],
    "A2 fields that are not the sender's to set": [
        "security/test_assignment.py",
        "bad_input/test_fields.py::test_names_that_are_no_fields_are_refused",
        "api/people/test_register.py::test_nobody_gives_himself_a_role_or_an_id",
    ],
    "A3 answers that show too much": ["security/test_canaries.py", "api/test_secrets.py"],
    "A4 tokens that are none": [
        "bad_input/test_headers.py::test_a_token_we_did_not_make_is_refused",
        "bad_input/test_headers.py::test_a_good_token_works_only_as_it_is",
        "bad_input/test_headers.py::test_two_credentials_are_as_good_as_none",
        "bad_input/test_headers.py::test_too_large_a_head_is_refused",
        "unit/access/test_sessions.py::test_what_is_no_token_never_gets_to_redis",
        "security/test_revocation.py::test_redis_holds_no_token_in_any_key_or_value",
    ],
    "A5 tokens that are dead": [
        "security/test_revocation.py::test_no_request_sent_after_the_answer_is_let_in",
        "api/people/test_logout.py",
        "api/people/test_tokens.py",
        "unit/access/test_sessions.py::test_everything_ends_by_itself",
        "api/people/test_password.py::test_other_tokens_die_and_this_one_lives",
        "api/people/test_password.py::test_a_login_that_was_under_way_gives_no_living_token",
    ],
    "A6 guessing passwords": [
        "api/people/test_login.py",
        "unit/access/test_limits.py",
    ],
    "A7 who has an account": [
        "security/test_enumeration.py",
        "api/people/test_login.py::test_a_wrong_password_and_an_unknown_user_look_the_same",
        "unit/access/test_passwords.py::test_an_unknown_user_costs_as_much_as_a_known_one",
    ],
    "A8 logins without end": [
        "security/test_crowds.py::test_logins_without_end_refuse_no_booking",
        "unit/access/test_passwords.py::test_too_many_at_once_are_refused_and_the_rest_are_served",
    ],
    "A9 passwords that bcrypt can't take": [
        "unit/access/test_passwords.py::test_beyond_72_bytes_nothing_matches_and_nothing_is_cut_off",
        "unit/access/test_passwords.py::test_a_corrupt_hash_matches_nothing",
        "api/people/test_register.py::test_a_password_is_kept_whole",
    ],
    "A10 made-up addresses": [
        "security/test_crowds.py::test_made_up_addresses_lift_no_limit_behind_nginx",
        "security/test_crowds.py::test_nor_where_there_is_no_proxy",
        "deploy/test_nginx.py::test_spoofed_proxy_headers_are_overwritten",
    ],
    "A11 a request hidden in another": ["security/test_smuggling.py", "bad_input/test_framing.py"],
    "A12 slow clients": [
        "security/test_crowds.py::test_slow_clients_in_number_take_nothing_from_the_others",
        "wire/test_wire.py::test_who_is_too_slow_is_let_go",
    ],
    "A13 what is too large": [
        "api/http/test_limits.py",
        "bad_input/test_framing.py::test_a_body_too_large_is_refused_however_it_comes",
    ],
    "A14 values that no field is made for": [
        "bad_input/test_fields.py",
        "bad_input/test_corpora.py::test_a_field_takes_or_refuses_every_naughty_string",
    ],
    "A15 JSON that is none": [
        "bad_input/test_json.py",
        "bad_input/test_corpora.py::test_what_is_none_is_not",
        "bad_input/test_corpora.py::test_what_is_json_is_read",
    ],
    "A16 SQL and line breaks in values": [
        "contract/test_sql_files.py::test_no_statement_is_put_together_from_parts",
        "api/people/test_login.py::test_a_username_is_never_a_pattern",
        "wire/test_both.py::test_no_header_is_smuggled_into_an_answer",
        "unit/telemetry/test_logs.py",
    ],
    "A17 verbs and paths in disguise": [
        "bad_input/test_paths.py",
        "api/http/test_every_answer.py::test_no_header_makes_another_request_of_it",
    ],
    "A18 one account takes everything": ["races/test_open_limit.py"],
    "A19 answers that tell of the inside": [
        "security/test_headers.py",
        "api/test_secrets.py::test_no_answer_names_its_software",
    ],
    "A20 what others wrote": [],  # .ci/audit
}

TRAPS = {
    "T-A1": ["traps/test_aiopg.py::test_a_cancelled_statement_is_an_error_and_no_cancelled_task"],
    "T-A2": ["traps/test_aiopg.py::test_a_statement_that_nobody_waits_for_lets_go_of_its_locks"],
    "T-A3": ["traps/test_aiopg.py::test_whoever_waits_gets_the_place_of_a_broken_connection"],
    "T-A4": [
        "traps/test_aiopg.py::test_a_connection_that_never_opens_keeps_nobody_from_giving_back"
    ],
    "T-A5": [
        "traps/test_aiopg.py::test_a_connection_that_never_opens_keeps_nobody_from_giving_back",
        "unit/test_deadline.py",
    ],
    "T-A6": [
        "races/test_interleavings.py",
        "traps/test_aiopg.py::test_what_a_query_locks_first_it_holds_until_its_last_statement",
    ],
    "T-A7": ["traps/test_aiopg.py::test_a_commit_that_was_a_rollback_is_no_success"],
    "T-A8": ["traps/test_aiopg.py::test_no_two_tasks_ever_hold_the_same_connection"],
    "T-A9": [
        "traps/test_aiopg.py::test_connections_that_the_server_ended_are_replaced",
        "traps/test_aiopg.py::test_a_read_is_asked_again_and_a_write_is_unknown_when_the_answer_is_lost",
        "frozen/test_frozen.py::test_postgresql_hangs",
    ],
    "T-A10": [
        "bad_input/test_fields.py",
        "sql/test_constraints.py::test_the_calendar_reaches_from_1970_to_9998",
        "sql/test_constraints.py::test_it_refuses",
    ],
    "T-A11": ["traps/test_aiopg.py::test_a_new_connection_asks_nothing_by_itself"],
    "T-A12": ["races/test_interleavings.py", "races/test_swaps.py"],
    "T-R1": [
        "traps/test_redis.py::test_a_redis_that_is_silent_or_gone_is_given_up_soon",
        "frozen/test_frozen.py::test_redis_hangs",
    ],
    "T-R2": ["traps/test_redis.py::test_a_lost_answer_to_a_lock_or_a_count_is_not_asked_for_twice"],
    "T-R3": ["unit/store/test_locks.py::test_it_ends_by_itself"],
    "T-R4": [
        "traps/test_redis.py::test_two_holders_never_give_back_each_others_lock",
        "unit/store/test_locks.py::test_one_that_ran_out_and_was_taken_stays_the_takers",
    ],
    "T-R5": ["traps/test_redis.py::test_trouble_with_giving_a_lock_back_changes_no_answer"],
    "T-R6": ["traps/test_redis.py::test_nobody_waits_for_a_lock"],
    "T-R7": ["traps/test_redis.py::test_more_requests_than_connections_wait_for_one"],
    "T-R8": ["races/test_pair_locks.py::test_a_lock_that_was_lost_costs_no_slot_its_place"],
    "T-R9": ["api/ops/test_health.py::test_without_redis_nobody_is_let_in_and_nothing_is_guessed"],
    "T-T1": ["api/http/test_limits.py", "deploy/test_nginx.py"],
    "T-T2": ["traps/test_tornado.py::test_an_idle_connection_is_never_ended_by_us_first"],
    "T-T3": [
        "traps/test_tornado.py::test_a_client_that_has_gone_changes_nothing_about_what_it_asked"
    ],
    "T-T4": ["traps/test_tornado.py::test_what_is_in_flight_at_a_stop_is_answered_first"],
    "T-T5": ["api/http/test_json.py"],
    "T-T6": [
        "bad_input/test_paths.py::test_a_path_that_is_no_route_is_not_found",
        "deploy/test_nginx.py::test_bad_http_is_answered_as_a_problem",
    ],
    "T-T7": ["unit/access/test_passwords.py::test_the_loop_goes_on_meanwhile"],
    "T-T8": [
        "traps/test_tornado.py::test_whoever_waits_waits_longer_than_the_one_behind",
        "deploy/test_nginx.py::test_throttled_requests_get_429",
    ],
    "T-T9": ["security/test_start.py", "sql/store/test_session_settings.py"],
}
