"""The pipeline that makes the ear's weights (`make ear`): scores, clips, training, judgement.

It is no part of the package: what a user needs of it is `src/earmark/features/ear/`.
"""
