"""What the directory says of people and groups, carried over to accounts: at sign-in for one person, by the job for all.

`plan` says what would change and touches nothing; `facts` reads our tables, `reading` asks the directory, `acts` carries a
change out as an audited act, `job` is the body of the run `ldap.sync`.
"""
