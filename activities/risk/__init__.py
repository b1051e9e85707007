"""Risk and compliance: may this payment go on?"""
