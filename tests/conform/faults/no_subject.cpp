// A shared library that is no subject: it lacks the functions of one.

extern "C" int AnswersNothing() { return 0; }
