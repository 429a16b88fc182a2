"""What instructors and CI run: notebooks executed, published, handed out and graded.

Nothing here is imported by a notebook; students get the package ``workbook`` alone.
"""
