"""From hand-ins to a gradebook: what students answered, judged where no student's code can reach.

Of a hand-in only the answers are taken. Each runs in a sandbox against what the course's own run
kept, leaves it as JSON, and is judged outside by the exercise that the package knows.
"""
