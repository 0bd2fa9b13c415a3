"""From what lies in a folder of submissions to answers: all of it read in killable processes."""
