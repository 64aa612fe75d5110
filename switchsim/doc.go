package switchsim
